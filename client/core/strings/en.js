import core from "./en.core.js";
import names from "./en.names.js";
import screens from "./en.screens.js";

export default Object.freeze({ ...core, ...names, ...screens });
