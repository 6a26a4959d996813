import FlowCore

/// A node that goes on until it is stopped, and how the suite sees that its work begins and ends: what an engine shows of
/// a node says nothing of the work that was given up.
struct Stoppable: Sendable {
    /// The node.
    let sample: Sample
    private let line: CallLine?
    private let attempts: GuestBackend.Attempts?

    /// - Throws: ``ConformanceSkip`` when the backend has no such node, or nobody could see its end.
    init(_ trial: Trial) throws {
        attempts = trial.bench.attempts
        guard attempts == nil || trial.bench.samples[.waits] == nil else {
            sample = try trial.sample(.waits)
            line = nil
            return
        }
        // Of a service it is seen only by what its node calls.
        let line = trial.bench.probe.line { line, _ in
            await line.release.reach(1)
            return 200
        }
        sample = try trial.sample(.calls).calling(trial.bench.probeURL + line.path)
        self.line = line
    }

    private func tallies(_ run: WorkflowID) -> (begun: Tally, ended: Tally)? {
        line.map { ($0.calls, $0.departures) } ?? attempts?.tallies(of: run)
    }

    /// Waits until the work of a run's node has begun.
    ///
    /// - Returns: whether it has, in time.
    func begins(_ run: WorkflowID, within time: Duration) async -> Bool {
        await Deadline.run(within: time) { await tallies(run)?.begun.reach(1) ?? false } == true
    }

    /// Waits until the work has ended.
    ///
    /// - Returns: whether it has, in time.
    func ends(_ run: WorkflowID, within time: Duration) async -> Bool {
        defer { line?.release.increment() }
        return await Deadline.run(within: time) { await tallies(run)?.ended.reach(1) ?? false } == true
    }
}

extension Trial {
    /// Waits until the work of a run that is to be stopped has ended.
    ///
    /// - Parameter since: When it was to be stopped.
    /// - Throws: ``ConformanceFailure`` when it goes on for longer than the backend promises.
    func expectStopped(_ work: Stoppable, _ id: WorkflowID, _ sent: String, since: ContinuousClock.Instant) async throws
    {
        let left = max(timeToCancel - (.now - since), .milliseconds(50))
        guard await !work.ends(id, within: left) else { return }
        throw ConformanceFailure(
            sent: sent,
            received: "its node, of the type \"\(work.sample.type)\", went on for "
                + DurationText.text(ContinuousClock.now - since),
            expected: "its node ends within \(DurationText.text(timeToCancel)), the time_to_cancel")
    }
}
