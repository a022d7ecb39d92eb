// biome-ignore-all lint/suspicious/noTemplateCurlyInString: code that is looked at, not run
import { describe, expect, it } from 'vitest';
import { bareStrings, findings } from '../../scripts/bare-strings.mjs';

describe('words on the screen', () => {
  it('all come from the texts', () => {
    expect(findings()).toEqual([]);
  }, 60_000);

  it.each([
    ['<a title="Close" />', 'title: Close'],
    ['<input placeholder="Search here" />', 'placeholder: Search here'],
    ['<img alt={"A lamp"} />', 'alt: A lamp'],
    ['<b aria-label="Close" />', 'aria-label: Close'],
    ['<b aria-description={`Moves ${count} pictures`} />', 'aria-description: Moves … pictures'],
    ['<b aria-valuetext={isOn ? t("common.on") : "off"} />', 'aria-valuetext: off'],
    ['<b>{isOn ? "On" : t("common.off")}</b>', 'between tags: On'],
    ['<b>{isOn && "On now"}</b>', 'between tags: On now'],
    ['<b>{name || "Untitled"}</b>', 'between tags: Untitled'],
    ['<b>{`${count} left`}</b>', 'between tags: … left'],
    ['<b>{["new", t("common.a")].filter(Boolean).join(", ")}</b>', 'between tags: new'],
    ['<b>{"删"}</b>', 'between tags: 删'],
    ['<Field label="Name" help={t("common.a")} />', 'label: Name'],
    ['<Box clearLabel="Clear" />', 'clearLabel: Clear'],
    ['<Dialog action="Delete" />', 'action: Delete'],
    ['showToast("Saved")', 'showToast(): Saved'],
    ['showToast(t("common.a"), { text: "Saved" })', 'text: Saved'],
    ['announce(isDone ? "Done" : "")', 'announce(): Done'],
    ['document.title = "Library" + count', 'title: Library'],
    ['const verbs = [{ label: "Star", run }]', 'label: Star'],
  ])('%s is found', (code, said) => {
    expect(bareStrings(code)).toEqual([`1: ${said}`]);
  });

  it.each([
    ['<a title={t("common.close")} />', 'what comes from the texts'],
    ['<a className="text-13" role="button" id="one" />', 'what nobody sees'],
    ['<b>{`${width} px`}</b>', 'units'],
    ['<b>{state === "done" ? "✓" : "×"}</b>', 'signs, and what only decides'],
    ['<b>{["a", "bb"].map((key) => <i key={key} />)}</b>', 'keys of a list'],
    ['const body = { action: "restore" }', 'what the API is asked for'],
    ['<Tip text={t(isOn ? "common.on" : "common.off")} />', 'keys of texts'],
    ['// bare: an address\n<b title="/setup/…" />', 'what says why'],
  ])('%s is not: %s', (code) => {
    expect(bareStrings(code)).toEqual([]);
  });
});
