export interface ServerEvent {
  id: string;
  kind: string;
  data: string;
}

/**
 * Reads an event stream piece by piece. fetch and not EventSource, because only so the comments of
 * an idle stream are seen (a dead line is noticed) and the resume header is ours.
 */
export function createParser(onEvent: (event: ServerEvent) => void): (text: string) => void {
  let rest = '';
  let kind = '';
  let id = '';
  let data: string[] = [];
  const line = (text: string) => {
    if (text === '') {
      if (data.length) onEvent({ id, kind: kind || 'message', data: data.join('\n') });
      kind = '';
      id = '';
      data = [];
      return;
    }
    if (text.startsWith(':')) return;
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    let value = colon < 0 ? '' : text.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'event') kind = value;
    else if (field === 'data') data.push(value);
    else if (field === 'id' && !value.includes('\0')) id = value;
  };
  return (text) => {
    rest += text;
    for (;;) {
      const end = rest.search(/[\r\n]/);
      if (end < 0) return;
      // A lone CR at the end may be half of CRLF: wait for what follows.
      if (rest[end] === '\r' && end === rest.length - 1) return;
      line(rest.slice(0, end));
      rest = rest.slice(end + (rest[end] === '\r' && rest[end + 1] === '\n' ? 2 : 1));
    }
  };
}
