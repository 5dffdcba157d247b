"use strict";
// Building elements. All text goes in as text: nothing in a report is ever read as markup.

const kSvg = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== "") element.append(child);
  }
  return element;
}

function html(tag, attributes, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

function svg(tag, attributes, ...children) {
  return fill(document.createElementNS(kSvg, tag), attributes, children);
}

function byId(id) {
  return document.getElementById(id);
}

// A link to where others met the bug ("owner/repo#123"), or its text.
function issueLink(issue) {
  const parts = /^([\w.-]+\/[\w.-]+)#([0-9]+)$/.exec(issue);
  return parts ? webLink(`https://github.com/${parts[1]}/issues/${parts[2]}`, issue) : issue;
}

function webLink(url, text) {
  if (!/^https?:\/\//.test(url)) return text;
  return html("a", {href: url, rel: "noopener noreferrer", target: "_blank"}, text);
}
