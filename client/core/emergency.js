/**
 * Emergency numbers as they are typed, so that the answer is there at once and without a network. The service has the
 * last word on every number; this list only makes sure that nobody waits for it. May import nothing.
 *
 * Source: ITU-T E.161.1 (2008) and national plans: 112 and 911 everywhere; the others by country; 988 is the crisis
 * line of the United States and Canada.
 */
const NUMBERS = new Set(
  `000 100 101 102 103 104 105 106 107 108 110 111 112 113 114 115 116 117 118 119 120 122 123 127 128 129 131 132 133
   140 143 144 145 147 150 155 158 159 160 166 190 191 192 193 194 195 196 197 198 199 911 912 913 988
   991 992 993 994 995 996 997 998 999`.split(/\s+/),
);
const NORTH_AMERICAN = new Set(["911", "988"]);

/**
 * Gives the number to dial from a handset if what was typed is an emergency number, else null.
 * @param {string} typed "911", "+1 911", "1-911", "112 "
 */
export function emergencyIn(typed) {
  const digits = typed.replace(/[\s().\-+/]/g, "");
  if (!/^\d{3,4}$/.test(digits)) return null;
  if (NUMBERS.has(digits)) return digits;
  const behind = digits.slice(1);
  return digits.length === 4 && digits[0] === "1" && NORTH_AMERICAN.has(behind) ? behind : null;
}
