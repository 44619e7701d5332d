/** What can go wrong with a check. The messages are sentences for whoever reads the page. */

/** Something that does not hold. */
export class Fault extends Error {}

/** Something that could not be asked for, so that nothing was decided. `status` is HTTP's, 0 without an answer. */
export class Unanswered extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}
