/** What a member must learn though they did not ask: a word of news, and what it concerns is asked for anew. */
import { loadCalls } from "../call-list.js";
import { loadClinics } from "../clinic-list.js";
import { reload } from "../parts/loaded.js";
import { lastDigits } from "../parts/patient-line.js";
import { toast } from "../parts/toast.js";
import { loadWords, t } from "../parts/words.js";
import { go } from "../router.js";

const WAY = { clinic: "/me#me-clinics", number: "/clinic", phone: "/me#me-phone", call: "/calls" };

/** @param {{about: string, name?: string, who?: string, number?: string, shown?: string, mask?: string}} d of `notice` */
export async function tellNotice(d) {
  await loadWords("calls", "clinic");
  const key = `notice.${d.about}`;
  const words = { name: d.name ?? "", who: d.who ?? "", number: d.shown ?? "", digits: lastDigits(d.mask) };
  const text = t(key, words);
  const [kind] = d.about.split(".");
  if (text !== key) toast(text, WAY[kind] && d.about !== "clinic.left" ? { label: t("open"), act: () => go(WAY[kind]) } : undefined);
  if (kind === "call") return void loadCalls();
  await Promise.all([loadClinics(), reload("calls/setup"), reload("phone"), d.clinic ? reload(`numbers/${d.clinic}`) : null]);
}
