import { Component, type ReactNode } from 'react';
import { ErrorState } from './states';

interface Props {
  children: ReactNode;
  /** there is no room for words: it is simply not there */
  isSilent?: boolean;
  /** what is shown: another of its kind is tried anew */
  of?: string;
}

/** One panel fails in its place; the page around it goes on. */
export class Boundary extends Component<Props, { error: unknown }> {
  override state = { error: null as unknown };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: Props) {
    if (before.of !== this.props.of && this.state.error !== null) this.setState({ error: null });
  }

  override render() {
    if (this.state.error === null) return this.props.children;
    if (this.props.isSilent) return null;
    return (
      <ErrorState
        error={this.state.error}
        onRetry={() => this.setState({ error: null })}
        isCompact
      />
    );
  }
}
