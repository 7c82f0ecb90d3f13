import core from "./en.core.js";
import screens from "./en.screens.js";

export default Object.freeze({ ...core, ...screens });
