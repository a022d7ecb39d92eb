/** Operations whose result is a text: no slots, no pictures, something to read. */
const textOperations: readonly string[] = ['prompt.expand', 'image.describe'];

export function isTextTask(task: { operation: string }): boolean {
  return textOperations.includes(task.operation);
}

/** Whether all of a run is texts; a run whose tasks are not told yet is none. */
export function isTextRun(run: { tasks: readonly { operation: string }[] }): boolean {
  return run.tasks.length > 0 && run.tasks.every(isTextTask);
}
