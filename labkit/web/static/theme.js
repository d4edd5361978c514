// Chooses dark or light before anything is drawn; a choice made by the button is remembered.
"use strict";

(() => {
  const root = document.documentElement;
  const system = window.matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try {
    chosen = window.localStorage.getItem("labkit-theme");
  } catch {
    // storage may be forbidden; the system's choice then holds
  }
  const apply = () => {
    root.dataset.theme = chosen ?? (system.matches ? "dark" : "light");
    window.dispatchEvent(new Event("labkit-theme"));
  };
  apply();
  system.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest?.("[data-theme-button]")) return;
    chosen = root.dataset.theme === "dark" ? "light" : "dark";
    try {
      window.localStorage.setItem("labkit-theme", chosen);
    } catch {
      // see above
    }
    apply();
  });
})();
