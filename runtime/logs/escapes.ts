/**
 * What a terminal would obey, in the order of ECMA-48: strings (OSC sets titles and the clipboard, DCS, SOS, PM and APC
 * reprogram) up to their end, or the line's; then CSI sequences, with their parameters and their final as groups; then
 * other escapes; then single control characters but the tab.
 */
export const SEQUENCES =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
  /(?:\u001b[\]PX^_]|[\u009d\u0090\u0098\u009e\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u009c|\u001b\\)?|(?:\u001b\[|\u009b)([0-?]*)[ -/]*([@-~]?)|\u001b[ -/]*[0-~]?|[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it looks for
const CONTROLS = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/;

/** Whether a line has anything of the above in it; most have not, and this is faster to find out. */
export const hasControls = (line: string): boolean => CONTROLS.test(line);
