import FlowCore
import FlowNATS
import Synchronization

/// What is handed out, and what came that nobody has asked for yet.
final class Ledger: Sendable {
    /// A result with its delivery.
    struct Arrival: Sendable {
        let result: ResultEnvelope
        var delivery: ResultDelivery
        var since: ContinuousClock.Instant = .now

        /// Takes a later delivery for the one that counts.
        mutating func renew(_ other: ResultDelivery) {
            // A message that holds a result twice does not wait for it twice.
            if other === delivery { _ = other.done() } else { delivery = other }
        }
    }

    /// What is to happen with a result that came.
    enum Ruling: Sendable {
        /// It is what this assignment waits for.
        case wanted(Assignment)
        /// It is kept: a run that is not taken up yet may want it, or its journal has to know it first.
        case kept
        /// It comes from a worker that was not given the node.
        case refused
    }

    private struct State: Sendable {
        var open: [String: Assignment] = [:]
        /// Results that nobody waits for.
        var arrived: [String: [Arrival]] = [:]
        var arrivedCount = 0
        /// Results that were handed on and may not be on disk yet.
        var settling: [String: Arrival] = [:]
    }

    /// How many results are kept that nobody waits for; the broker sends the others again.
    private static let most = 20_000
    /// How many of one id.
    private static let mostOfOne = 16

    private let state = Mutex(State())

    /// Begins to wait for a result.
    func open(_ assignment: Assignment) { state.withLock { $0.open[assignment.id] = assignment } }

    /// Ends the wait, unless it is another's by now.
    func close(_ assignment: Assignment) {
        state.withLock { state in
            if state.open[assignment.id] === assignment { state.open[assignment.id] = nil }
        }
    }

    /// The assignment of that id.
    func assignment(_ id: String) -> Assignment? { state.withLock { $0.open[id] } }

    /// Whether the result of an id has come.
    func isAnswered(_ id: String) -> Bool { state.withLock { $0.settling[id] != nil || $0.arrived[id] != nil } }

    /// All assignments.
    var all: [Assignment] { state.withLock { Array($0.open.values) } }

    /// Assignments whose result waits for parts that were sent before it.
    var held: [Assignment] { state.withLock { state in state.settling.keys.compactMap { state.open[$0] } } }

    /// How many nodes are handed out.
    var count: Int { state.withLock { $0.open.count } }

    /// Takes in a result.
    func take(_ result: ResultEnvelope, _ delivery: ResultDelivery) -> Ruling {
        state.withLock { state in
            if state.settling[result.id]?.result.token == result.token {
                // It is delivered again since its acknowledgement takes long.
                state.settling[result.id]?.renew(delivery)
                return .kept
            }
            if let assignment = state.open[result.id], !assignment.isOver {
                if assignment.accepts(result.token) {
                    state.settling[result.id] = Arrival(result: result, delivery: delivery)
                    return .wanted(assignment)
                }
                Self.keep(result, delivery, &state)
                // Until it is known who was given the node nobody is refused.
                return assignment.isSought ? .kept : .refused
            }
            Self.keep(result, delivery, &state)
            return .kept
        }
    }

    private static func keep(_ result: ResultEnvelope, _ delivery: ResultDelivery, _ state: inout State) {
        var kept = state.arrived[result.id] ?? []
        if let index = kept.firstIndex(where: { $0.result.token == result.token }) {
            kept[index].renew(delivery)
        } else if state.arrivedCount < most, kept.count < mostOfOne {
            kept.append(Arrival(result: result, delivery: delivery))
            state.arrivedCount += 1
        }
        if !kept.isEmpty { state.arrived[result.id] = kept }
    }

    /// The result of an assignment that came before it was known what to expect, or before anybody waited for it.
    func claim(_ assignment: Assignment) -> ResultEnvelope? {
        state.withLock { state in
            let id = assignment.id
            guard let index = state.arrived[id]?.firstIndex(where: { assignment.accepts($0.result.token) }),
                let arrival = state.arrived[id]?.remove(at: index)
            else { return nil }
            state.arrivedCount -= 1
            if state.arrived[id]?.isEmpty == true { state.arrived[id] = nil }
            state.settling[id] = arrival
            return arrival.result
        }
    }

    /// What was handed on since a while, or came and was not asked for since a while.
    func unsettled(_ isSettling: Bool, after time: Duration) -> [Arrival] {
        let now = ContinuousClock.now
        return state.withLock { state in
            let all = isSettling ? Array(state.settling.values) : state.arrived.values.flatMap { $0 }
            return all.filter { $0.since.duration(to: now) >= time }
        }
    }

    /// Drops what is done with.
    ///
    /// - Returns: where to say so.
    func drop(_ arrival: Arrival, isSettling: Bool) -> ResultDelivery? {
        state.withLock { state in
            if isSettling { return state.settling.removeValue(forKey: arrival.result.id)?.delivery }
            let id = arrival.result.id
            guard let index = state.arrived[id]?.firstIndex(where: { $0.result.token == arrival.result.token }) else {
                return nil
            }
            let dropped = state.arrived[id]?.remove(at: index)
            state.arrivedCount -= 1
            if state.arrived[id]?.isEmpty == true { state.arrived[id] = nil }
            return dropped?.delivery
        }
    }
}
