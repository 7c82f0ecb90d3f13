import core from "./sv.core.js";
import screens from "./sv.screens.js";

export default Object.freeze({ ...core, ...screens });
