/** The title of the page, with a mark for what came while it was out of sight. */

let title = "";
let marked = 0;

/** Set the title of the page. @param {string} text */
export function setTitle(text) {
  title = text;
  show();
}

/** Something came: while the page is out of sight its title counts. */
export function markTitle() {
  if (document.hidden) marked += 1;
  show();
}

/** The page is looked at again. */
export function unmarkTitle() {
  marked = 0;
  show();
}

function show() {
  const full = marked ? `(${marked}) ${title}` : title;
  if (document.title !== full) document.title = full;
}
