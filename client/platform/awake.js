/** Keeps the screen awake while something is under way (an offer that rings, a call). */

/** Makes a holder: `hold()` keeps the screen on, also after the page was hidden and came back; `release()` ends it. */
export function screenHolder() {
  let wanted = false;
  let lock = null;
  const ask = async () => {
    if (!wanted || lock || document.visibilityState === "hidden") return;
    lock = (await navigator.wakeLock?.request("screen").catch(() => null)) ?? null;
    lock?.addEventListener("release", () => {
      lock = null;
    });
    if (!wanted) await lock?.release();
  };
  document.addEventListener("visibilitychange", ask);
  return {
    hold: () => {
      wanted = true;
      return ask();
    },
    release: async () => {
      wanted = false;
      await lock?.release();
    },
  };
}
