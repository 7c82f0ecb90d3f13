/** What the rules said before a call, in the words of the screens. */

/** Rules whose word is not one of a few: a country, or what a minute costs. */
const SAID = {
  region: (says, language) => ({ region: regionName(says, language) }),
  price: (says) => ({ price: (Number(says.split(" ").pop()) / 100).toFixed(2) }),
};
const IN_HUNDREDTHS = new Set(["cents_day"]);

/**
 * @param {{rule: string, says: string, used: number|null, limit: number|null}} one a decision of GET /calls/{r}
 * @param {(key: string, values?: object) => string} t @param {string} language of the screens
 * @returns {string} "" where the screens have no words for it yet
 */
export function ruleText(one, t, language) {
  const counts = one.limit !== null && one.limit !== undefined;
  const said = SAID[one.rule];
  const key = counts || said ? `rule.${one.rule}` : `rule.${one.rule}.${one.says}`;
  const text = t(key, counts ? counted(one) : said?.(one.says, language));
  return text === key ? "" : text;
}

function counted({ rule, used, limit }) {
  return IN_HUNDREDTHS.has(rule) ? { used: (used / 100).toFixed(2), limit: (limit / 100).toFixed(2) } : { used, limit };
}

function regionName(code, language) {
  try {
    return new Intl.DisplayNames([language], { type: "region" }).of(code);
  } catch {
    return code;
  }
}
