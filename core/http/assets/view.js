// SPDX-License-Identifier: Apache-2.0
// Describes what is to be seen, and brings the document to it: what stays keeps its focus, its scroll
// position and what was typed into it. Text is text: nothing here makes markup of it.

// Children: descriptions, texts, numbers, lists of them; null and false are nothing.
// Properties: on… are functions; `vars` are CSS variables; `ref` is given the element when it is made.
// `key` tells children of one parent apart.
export function h(tag, properties, ...children) {
  const { key = null, ...rest } = properties ?? {};
  return { tag, key, properties: rest, children: flat(children, []) };
}

export function render(container, ...nodes) {
  const focused = document.activeElement;
  place(container, flat(nodes, []));
  // A row that moved lost it.
  if (focused && focused !== document.activeElement && container.contains(focused)) focused.focus({ preventScroll: true });
}

function flat(children, into) {
  for (const child of children) {
    if (Array.isArray(child)) flat(child, into);
    else if (child !== null && child !== undefined && child !== false && child !== true)
      into.push(typeof child === 'object' ? child : String(child));
  }
  return into;
}

const made = new WeakMap();  // element → its description

const is_text = node => typeof node === 'string';

function place(parent, wanted) {
  const keyed = new Map(), others = [];
  for (const node of parent.childNodes) {
    const key = made.get(node)?.key ?? null;
    if (key === null) others.push(node);
    else keyed.set(key, node);
  }
  const fits = (node, description) =>
    node && (is_text(description) ? node.nodeType === Node.TEXT_NODE : made.get(node)?.tag === description.tag);
  const nodes = [], fresh = [];
  let next = 0;
  for (const description of wanted) {
    const key = is_text(description) ? null : description.key;
    let node = null;
    if (key !== null) node = keyed.get(key) ?? null;
    else if (fits(others[next], description)) node = others[next++];
    if (!fits(node, description)) node = null;
    if (node && key !== null) keyed.delete(key);
    nodes.push(node);
  }
  const kept = new Set(nodes);
  for (const node of [...parent.childNodes]) if (!kept.has(node)) node.remove();
  let at = parent.firstChild;
  wanted.forEach((description, i) => {
    let node = nodes[i];
    if (!node) {
      node = create(description);
      fresh.push([node, description]);
      parent.insertBefore(node, at);
      return;
    }
    if (node === at) at = at.nextSibling;
    else parent.insertBefore(node, at);
    update(node, description);
  });
  for (const [node, description] of fresh) description.properties?.ref?.(node);
}

function create(description) {
  if (is_text(description)) return document.createTextNode(description);
  const element = document.createElement(description.tag);
  bring(element, {}, description);
  return element;
}

function update(node, description) {
  if (description === made.get(node)) return;  // kept by whoever described it
  if (!is_text(description)) bring(node, made.get(node).properties, description);
  else if (node.data !== description) node.data = description;
}

const last = new Set(['value', 'checked']);  // hang on other properties, and on options

function bring(element, before, description) {
  const { properties, children } = description;
  for (const name of Object.keys(before)) if (!(name in properties)) set(element, name, undefined, before[name]);
  for (const [name, value] of Object.entries(properties)) if (!last.has(name)) set(element, name, value, before[name]);
  place(element, children);
  for (const name of last) if (name in properties) set(element, name, properties[name], before[name]);
  made.set(element, description);
}

function set(element, name, value, before) {
  if (name === 'ref') return;
  if (name === 'vars') {
    for (const [variable, text] of Object.entries(value ?? {})) element.style.setProperty(variable, text);
    return;
  }
  if (value === before) return;
  if (name.startsWith('on')) {
    element[name] = typeof value === 'function' ? value : null;
  } else if (last.has(name) || name === 'indeterminate') {
    element[name] = value ?? (name === 'value' ? '' : false);
  } else if (value === undefined || value === null || value === false) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}
