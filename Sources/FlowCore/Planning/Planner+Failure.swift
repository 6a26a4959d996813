public import FlowExpressions
public import FlowJSON
import HeapModule

extension Planner {
    /// What follows when an attempt fails.
    ///
    /// - Parameters:
    ///   - random: A number from 0 up to 1, which places the next attempt within its jitter.
    public func outcome(of failure: NodeFailure, for id: NodeID, now: Timestamp, random: Double) -> FailureOutcome {
        guard ending == nil, let index = context.position(of: id) else { return .failed }
        let number = context.scopeNumber(ofNodeAt: index)
        guard !scopes[number].isOver, !isFailing(number) else { return .failed }
        let node = context.nodes[index]
        let rules = context.writtenRules(ofNodeAt: index)
        if let delay = delay(before: failure, node, rules, random: random) {
            let instant = now.advanced(by: delay)
            if deadline(ofNodeAt: index).map({ instant < $0 }) ?? true { return .retry(at: instant) }
        }
        switch rules?.onError ?? .fail {
        case .fail: return .failed
        case .proceed: return .tolerated
        case .fallback: return node.usesFallback ? .failed : .fallback
        case .replace(let value):
            var variables = RunVariables(context, scope: number)
            variables.error = failure
            // A replacement that has no value replaces nothing: the failure itself is what there is to tell.
            return (try? value.template.render(variables)).map { .replaced($0) } ?? .failed
        }
    }

    /// How long to wait before another attempt; `nil` when there is none.
    private func delay(
        before failure: NodeFailure, _ node: NodeContext, _ rules: NodeRules?, random: Double
    ) -> Duration? {
        let policy = rules?.retry ?? (rules?.control == nil ? limits.retry : nil)
        var own = 1
        var blips = 1
        for attempt in node.earlierAttempts {
            guard let error = attempt.error, error.code != .lost else { continue }
            if error.isTransport { blips += 1 } else { own += 1 }
        }
        if failure.isTransport {
            // A backend that cannot be reached says nothing of the node, whose own attempts are not used up by it.
            let transport = RetryPolicy.transport
            if blips < transport.maxAttempts { return transport.delay(afterAttempts: blips, random: random) }
            own = node.earlierAttempts.count + 1
        }
        guard let policy, !node.usesFallback, policy.covers(failure), own < policy.maxAttempts else { return nil }
        return policy.delay(afterAttempts: own, random: random)
    }

    /// The instant after which no attempt at a node goes on, whatever its own timeout.
    public func deadline(ofNodeAt index: Int) -> Timestamp? {
        guard let total = context.writtenRules(ofNodeAt: index)?.totalTimeout else { return nil }
        let node = context.nodes[index]
        let start = node.earlierAttempts.first?.startedAt ?? node.attempt?.startedAt
        return start?.advanced(by: total)
    }

    /// The failure of a node whose time for all its attempts passed before the next one could begin, as when the server was
    /// down: what the last one failed of, unless that was lost.
    func overdue(_ index: Int, _ now: Timestamp) -> NodeFailure? {
        guard let deadline = deadline(ofNodeAt: index), now >= deadline else { return nil }
        let node = context.nodes[index]
        // What takes the node's place has its own time.
        guard !node.usesFallback else { return nil }
        if node.status == .pending, let error = node.attempt?.error { return error }
        let limit = DurationText.text(context.writtenRules(ofNodeAt: index)?.totalTimeout ?? .zero)
        return NodeFailure(
            .timeout, "the node's attempts together took longer than its total timeout of \(limit)", retriable: true)
    }

    /// Takes note of a failed attempt and what follows from it.
    mutating func failed(_ index: Int, _ error: NodeFailure, _ outcome: FailureOutcome) {
        switch outcome {
        case .retry(let instant): awaitRetry(instant, index)
        case .fallback: ready.append(index)
        case .tolerated, .replaced: settle(index)
        case .failed:
            let failure = Self.failure(of: context.nodes[index])
            let number = context.scopeNumber(ofNodeAt: index)
            if number == 0 { end(.failure(failure)) } else { fail(scope: number, failure) }
        }
    }

    /// Has a node wait for its next attempt.
    mutating func awaitRetry(_ instant: Timestamp, _ index: Int) {
        nodes[index].isWaiting = true
        waiting += 1
        alarms.insert(Alarm(instant: instant, index: index, reason: .retry))
    }

    /// Has a node wait for an answer.
    mutating func wait(for interrupt: Interrupt, at index: Int) {
        nodes[index].isInterrupted = true
        interrupted += 1
        if let deadline = interrupt.deadline {
            alarms.insert(Alarm(instant: deadline, index: index, reason: .answer))
        }
    }

    /// What is due by now.
    mutating func nextDue(_ now: Timestamp) -> Decision? {
        while let alarm = alarms.min, alarm.instant <= now {
            alarms.removeMin()
            let node = context.nodes[alarm.index]
            switch alarm.reason {
            case .retry:
                guard nodes[alarm.index].isWaiting, node.retryAt == alarm.instant else { continue }
                nodes[alarm.index].isWaiting = false
                waiting -= 1
                ready.append(alarm.index)
            case .answer:
                guard nodes[alarm.index].isInterrupted, node.interrupt?.deadline == alarm.instant else { continue }
                if case .approval(let approval) = context.definition(ofNodeAt: alarm.index).control,
                    let answer = approval.fallback
                {
                    return .completeNode(node.id, output: answer, notes: nil)
                }
                return .failNode(node.id, NodeFailure(.timeout, "no answer came in time"))
            case .body:
                guard nodes[alarm.index].isRunning else { continue }
                let limit = DurationText.text(context.definition(ofNodeAt: alarm.index).timeout ?? .zero)
                let failure = NodeFailure(
                    .timeout, "the node took longer than its timeout of \(limit)", retriable: true)
                stop(alarm.index, failure)
                if let decision = nextOfBodies() { return decision }
            }
        }
        return nil
    }

    /// The failure of what a node is part of when its attempts are used up.
    static func failure(of node: NodeContext) -> NodeFailure {
        let cause = node.attempt?.error ?? NodeFailure(.failed, "the node failed")
        return NodeFailure(
            cause.code, "node \"\(node.id)\" failed: \(cause.message)", retriable: cause.retriable,
            details: ["node_id": .string(node.id.rawValue)])
    }
}

extension NodeFailure {
    /// An expression that has no value.
    ///
    /// - Parameter path: The place of the expression in its node or workflow.
    public static func expression(_ error: EvaluationError, at path: JSONPointer) -> NodeFailure {
        let path = path.appending(error.path)
        var details: JSONObject = ["path": .string(path.description), "reason": .string(error.code.rawValue)]
        if let column = error.column { details["column"] = .integer(Int64(column)) }
        return NodeFailure(
            .expressionError, "the expression at \(path) has no value: \(error.description)",
            details: .object(details))
    }
}
