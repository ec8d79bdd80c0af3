// Set the theme before the first paint: the user's choice, else the system's. A classic script.
(function () {
  const root = document.documentElement;
  const stored = localStorage.getItem("coverstream-theme");
  if (stored === "light" || stored === "dark") root.dataset.theme = stored;
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    button.addEventListener("click", () => {
      const dark = getComputedStyle(root).colorScheme.trim() === "dark";
      root.dataset.theme = dark ? "light" : "dark";
      localStorage.setItem("coverstream-theme", root.dataset.theme);
      document.dispatchEvent(new Event("themechange"));
    });
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () =>
      document.dispatchEvent(new Event("themechange")),
    );
  });
})();
