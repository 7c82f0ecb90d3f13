/** The words of the screens (W2 fills this file). */
export default {};
