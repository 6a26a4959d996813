import FlowCore
import FlowNATS
import Logging

extension DistributedBackend {
    /// How long a result that nobody asked for is kept before the journal is asked about it.
    private static let patience: Duration = .seconds(5)
    /// How long it is remembered which results lie on the broker.
    private static let searchTime: Duration = .seconds(60)
    /// In how many turns results are looked at that nobody asked for.
    private static let rareTurns = 10

    /// What is done again and again: results are acknowledged that the journal has, it is written down who has begun what, and
    /// tasks are looked for that the broker may have lost.
    func doChores(_ turn: Int) async {
        await settle(ledger.unsettled(true, after: .zero), isSettling: true)
        await recordBegun()
        guard turn % Self.rareTurns == 0 else { return }
        await settle(ledger.unsettled(false, after: Self.patience), isSettling: false)
        book.prune()
        await link.search.forget(after: Self.searchTime)
        logUnserved()
        await sweep()
        await reconcile(after: max(configuration.lease, .seconds(30)))
    }

    private func settle(_ arrivals: [Ledger.Arrival], isSettling: Bool) async {
        guard link.isReady, !arrivals.isEmpty else { return }
        for (run, arrivals) in Dictionary(grouping: arrivals, by: \.result.run) {
            // A journal that cannot be read now can be later.
            guard let context = try? await Optional.some(lookup(run)) else { continue }
            for arrival in arrivals {
                let result = arrival.result
                // One that is being handed on is not on disk, whoever's run it is.
                if isSettling, let assignment = ledger.assignment(result.id), !assignment.isOver { continue }
                switch AttemptRecord(context, result.node, attempt: result.attempt) {
                case .open: continue
                case .closed: break
                case .unknown:
                    guard !isSettling else { break }
                    logger.warning(
                        "result refused",
                        metadata: [
                            "id": "\(result.id)", "worker": "\(result.worker)",
                            "reason": "there is no such run, or it has no such node",
                        ])
                }
                if let delivery = ledger.drop(arrival, isSettling: isSettling)?.done() {
                    try? link.connection.say(.ack, of: delivery)
                }
            }
        }
    }

    /// Sees to it soon that everything that is handed out is on the broker, as after it was away.
    func reconcileSoon() {
        // Unstructured: it begins with the connection.
        Task {
            await sweep()
            await reconcile(after: .zero)
        }
    }

    /// Takes tasks out of their queues that could not be taken out when they were given up.
    private func sweep() async {
        for (id, subject) in leftovers.all {
            guard link.isReady else { return }
            do throws(NATSError) {
                var sequence: UInt64 = 1
                while let stored = try await link.stream.next(on: subject, from: sequence, of: link.names.tasks) {
                    sequence = stored.sequence + 1
                    guard (try? TaskEnvelope(reading: stored.payload))?.id == id else { continue }
                    // It may have been begun anew.
                    if let assignment = ledger.assignment(id), !assignment.isOver, !assignment.isCancelling { break }
                    try await link.stream.delete(stored.sequence, of: link.names.tasks)
                }
                leftovers.remove(id)
            } catch {
                return
            }
        }
    }

    /// Publishes again what is neither on the broker nor answered.
    private func reconcile(after time: Duration) async {
        for assignment in ledger.all where assignment.isDue(after: time) {
            guard link.isReady else { return }
            assignment.looked()
            do throws(NATSError) {
                switch try await whereabouts(of: assignment) {
                case .queued(let sequence, let token): assignment.published(sequence, token: token)
                case .answered(let result): assignment.take(result)
                case .nowhere:
                    guard assignment.isDue(after: .zero), ledger.assignment(assignment.id) === assignment else {
                        continue
                    }
                    logger.warning("lost task published again", metadata: ["id": "\(assignment.id)"])
                    try await link.ensure(assignment.queue)
                    try await send(assignment)
                }
            } catch {
                logger.warning(
                    "task cannot be looked for", metadata: ["id": "\(assignment.id)", "error": "\(error)"])
            }
        }
    }
}
