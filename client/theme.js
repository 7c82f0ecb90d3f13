// Runs before the first paint, so that who chose a theme never sees the other one flash. A classic script, on purpose.
try {
  const theme = localStorage.getItem("curbside.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the device's own theme is used.
}
