import core from "./sv.core.js";
import names from "./sv.names.js";
import screens from "./sv.screens.js";

export default Object.freeze({ ...core, ...names, ...screens });
