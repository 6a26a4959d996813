import FlowNATS
import Synchronization

/// A message of results, which is done with when each of them is.
final class ResultDelivery: Sendable {
    private let delivery: Delivery
    private let left: Atomic<Int>

    /// - Parameter count: How many results the message holds.
    init(_ delivery: Delivery, of count: Int) {
        self.delivery = delivery
        left = Atomic(count)
    }

    /// Takes note that one of the results is done with.
    ///
    /// - Returns: what to acknowledge, when it was the last one.
    func done() -> Delivery? { left.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 ? delivery : nil }
}
