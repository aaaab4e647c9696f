import { expect, test } from "vitest";
import { disarmed } from "./letter";

test.each([
  ['<p style="color:red">x</p>', '<p data-style="color:red">x</p>'],
  ["<td\n  align=left STYLE = 'a:b'>", "<td\n  align=left data-style = 'a:b'>"],
  ['<img src="x" onerror="go()" style="a:b">', '<img src="x" data-onerror="go()" data-style="a:b">'],
  ["<p>about style = good</p>", "<p>about style = good</p>"],
  ['<style type="text/css">a > b { content: "&" }</style>', '<template data-css="a > b { content: &quot;&amp;&quot; }"></template>'],
])("disarmed(%j)", (html, expected) => {
  expect(disarmed(html)).toBe(expected);
});
