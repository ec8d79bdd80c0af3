// Light or dark before the first paint: the person's choice, else the system's. A classic script.
(function () {
  const root = document.documentElement;
  const kept = localStorage.getItem("coverstream-theme");
  if (kept === "light" || kept === "dark") root.dataset.theme = kept;
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
