import FlowCore
import FlowJSON

/// What can happen to a node.
extension RunReplay {
    mutating func start(_ id: NodeID, _ attempt: Int, _ name: String, _ input: JSONValue?) {
        guard var node = nodes[id] else { return wrong("there is no node \(id)") }
        if isFailing(node.scope) { wrong("\(id) starts in what comes to its end") }
        if isPaused { wrong("\(id) starts in a run that is paused") }
        if node.status != .pending, node.status != .running { wrong("\(id) starts and is \(node.status)") }
        if attempt != node.attempts + 1 { wrong("attempt \(attempt) at \(id) follows attempt \(node.attempts)") }
        let missing = missing(id)
        if !missing.isEmpty { wrong("\(id) starts before \(missing)") }
        if node.attempts == 0, isPassedBy(id) == true { wrong("\(id) starts and is to be passed over") }
        if let due = node.retryAt, time < due { wrong("\(id) is tried again too early") }
        if name != node.spec.backend ?? backend { wrong("\(id) starts on \(name), the run is on \(backend)") }
        if input != nil { wrong("\(id) has an input that nobody wrote a template of") }
        if node.spec.isControl, !node.usesFallback, node.attempts > 0, node.status == .running {
            wrong("\(id) starts once more")
        }
        node.input = expectedInput(id)
        node.value = node.input
        node.status = .running
        node.attempts = attempt
        node.retryAt = nil
        nodes[id] = node
        startChild(id)
    }

    /// Whether an attempt is under way, or its answer is waited for.
    private mutating func isOpen(_ id: NodeID, _ attempt: Int) -> Bool {
        guard let node = nodes[id] else {
            wrong("there is no node \(id)")
            return false
        }
        if node.status != .running, node.status != .interrupted { wrong("\(id) ends and is \(node.status)") }
        if node.attempts != attempt { wrong("attempt \(attempt) at \(id) ends, not \(node.attempts)") }
        return true
    }

    mutating func complete(_ id: NodeID, _ attempt: Int, _ output: JSONValue, _ notes: CompletionNotes?) {
        guard isOpen(id, attempt), let node = nodes[id] else { return }
        let expected: [JSONValue]
        switch node.type {
        case "condition":
            expected = [node.input]
            choose(id, notes?.next)
        case "approval":
            let answers = [Answers.answer(id, run: number).output, node.spec.config["default"]]
            expected = answers.compactMap(\.self)
        case "for_each", "loop": expected = bodyOutput(id).map { [$0] } ?? []
        case "workflow":
            expected = childOutput(of: node)
            checkChild(id, notes)
        default:
            let behaviour = node.spec.behaviour(isFallback: node.usesFallback)
            if behaviour.asks {
                expected = Answers.answer(id, run: number).output.map { [$0] } ?? []
            } else {
                let result = behaviour.result(of: id, input: node.input, attempt: attempt)
                if case .success(let made, _) = result { expected = [made] } else { expected = [] }
            }
        }
        if !expected.contains(output) { wrong("\(id) gives \(output), not one of \(expected)") }
        nodes[id]?.status = .completed
        nodes[id]?.output = output
    }

    /// Takes note of what a condition chose.
    private mutating func choose(_ id: NodeID, _ next: NodeID?) {
        guard let node = nodes[id] else { return }
        guard let target = route(of: node) else { return wrong("\(id) chooses by a condition that has no value") }
        if target != next?.rawValue { wrong("\(id) chooses \(next?.rawValue ?? "none"), not \(target ?? "none")") }
        bar(id, allBut: target)
    }

    /// Has the nodes passed by that a condition went past.
    mutating func bar(_ id: NodeID, allBut target: String?) {
        guard let node = nodes[id] else { return }
        for route in node.spec.config["routes"]?.array ?? [] {
            guard let other = route["to"]?.string, other != target else { continue }
            let place = scopes[node.scope].addresses.first { nodes[$0]?.spec.id == other }
            if let place { nodes[place]?.isBarred = true }
        }
    }

    /// The node that a condition leads to: `.some(nil)` for none, `nil` when that cannot be told.
    private func route(of node: NodeState) -> String?? {
        let condition = condition(in: node.scope)
        for route in node.spec.config["routes"]?.array ?? [] {
            guard let when = route["when"]?.string else { return .some(route["to"]?.string) }
            guard let holds = condition.holds(when) else { return nil }
            if holds { return .some(route["to"]?.string) }
        }
        return .some(nil)
    }

    mutating func interrupt(_ id: NodeID, _ attempt: Int) {
        guard isOpen(id, attempt), let node = nodes[id] else { return }
        let asks = node.type == "approval" || node.spec.behaviour(isFallback: node.usesFallback).asks
        if !asks { wrong("\(id) asks for an answer") }
        nodes[id]?.status = .interrupted
    }

    mutating func skip(_ id: NodeID) {
        guard let node = nodes[id] else { return wrong("there is no node \(id)") }
        if node.status != .pending || node.attempts > 0 { wrong("\(id) is skipped and is \(node.status)") }
        if isFailing(node.scope) { wrong("\(id) is skipped in what comes to its end") }
        let missing = missing(id)
        if !missing.isEmpty { wrong("\(id) is skipped before \(missing)") }
        if isPassedBy(id) != true { wrong("\(id) is skipped and is to run") }
        nodes[id]?.status = .skipped
    }

    mutating func fail(_ id: NodeID, _ attempt: Int, _ error: NodeFailure, _ outcome: FailureOutcome) {
        guard isOpen(id, attempt), let node = nodes[id] else { return }
        let mayBlip = node.type == "workflow" ? facts.mayLoseSight : facts.refusals[id, default: 0] > 0
        let isBlip = error.code == .unavailable && mayBlip && !own(node, id).contains(error.code)
        if !isBlip, !own(node, id).contains(error.code) {
            wrong("\(id) fails with \(error.code), and could only with \(own(node, id))")
        }
        if isBlip { nodes[id]?.blips += 1 } else { nodes[id]?.ownFailures += 1 }
        let isFinalDue = isFinalDue(id, error, isBlip)
        checkChild(id, error)
        if error.code == .childFailed { nodes[id]?.child = nil } else if !isBlip { giveUpChild(of: id) }
        follow(id, outcome, isFinalDue: isFinalDue)
        if nodes[id]?.status != .pending || nodes[id]?.usesFallback == true { giveUpChild(of: id) }
    }

    /// The codes in which the node may fail without a fault of its backend.
    private func own(_ node: NodeState, _ id: NodeID) -> [NodeFailure.Code] {
        var codes: [NodeFailure.Code] = []
        if node.spec.hasTimeout { codes.append(.timeout) }
        if isPassedBy(id) == nil { codes.append(.expressionError) }
        switch node.type {
        case "condition":
            if route(of: node) == nil { codes.append(.expressionError) }
            return codes
        case "approval": break
        case "for_each", "loop":
            if let code = bodyFailure(id) { codes.append(code) }
            return codes
        case "workflow":
            if let failure = childFailure(of: node) { codes.append(failure.code) }
            return codes
        default:
            let behaviour = node.spec.behaviour(isFallback: node.usesFallback)
            if let failure = behaviour.failure { codes.append(NodeFailure.Code(failure)) }
            if behaviour.flakyAttempts >= node.attempts { codes.append(.failed) }
            guard behaviour.asks else { return codes }
        }
        if let failure = Answers.answer(id, run: number).failure { codes.append(failure.code) }
        return codes
    }

    /// Whether no attempt may follow a failure by the node's policy; `nil` when either may be.
    private func isFinalDue(_ id: NodeID, _ error: NodeFailure, _ isBlip: Bool) -> Bool? {
        guard let node = nodes[id] else { return nil }
        // Blips are given attempts of their own, and beyond those the node's policy counts all of them.
        if isBlip || node.blips > 0 { return isBlip && node.blips < 4 ? false : nil }
        let isCovered = node.spec.retryOn.map { $0.contains(error.code.rawValue) } ?? error.retriable
        guard let most = node.spec.maxAttempts, isCovered, !node.usesFallback else { return true }
        return node.ownFailures >= most
    }

    /// Whether there is a timeout of the node, of one that it is in, or of the run.
    private func mayRunOutOfTime(_ node: NodeState) -> Bool {
        if node.spec.hasTimeout || hasRunTimeout { return true }
        guard let owner = scopes[node.scope].owner, let outer = nodes[owner] else { return false }
        return mayRunOutOfTime(outer)
    }

    /// Takes note of what follows from a failure.
    private mutating func follow(_ id: NodeID, _ outcome: FailureOutcome, isFinalDue: Bool?) {
        guard let node = nodes[id] else { return }
        let isEnding = isFailing(node.scope)
        if case .retry(let instant) = outcome {
            if isEnding { wrong("\(id) is to be tried again in what comes to its end") }
            if isFinalDue == true { wrong("\(id) is to be tried again after \(node.ownFailures) failures") }
            if instant < time { wrong("\(id) is to be tried again in the past") }
            nodes[id]?.status = .pending
            nodes[id]?.retryAt = instant
            return
        }
        // The journal does not tell when a time is over that all of it shares.
        let mayEnd = mayRunOutOfTime(node)
        if isFinalDue == false, !isEnding, !mayEnd { wrong("\(id) is given up too early") }
        let expected: FailureOutcome
        switch node.spec.onError {
        case .proceed where !isEnding: expected = .tolerated
        case .replace(let value) where !isEnding: expected = .replaced(value)
        case .fallback where !isEnding && !node.usesFallback: expected = .fallback
        default: expected = .failed
        }
        if outcome != expected, !(mayEnd && outcome == .failed) {
            wrong("after the failure of \(id) comes \(outcome), not \(expected)")
        }
        switch outcome {
        case .retry: break
        case .failed:
            nodes[id]?.status = .failed
            scopes[node.scope].isFailing = true
        case .fallback:
            nodes[id]?.status = .pending
            nodes[id]?.usesFallback = true
        case .tolerated: nodes[id]?.status = .tolerated
        case .replaced(let value):
            nodes[id]?.status = .completed
            nodes[id]?.output = value
        }
    }
}
