import Synchronization

/// Tells the nodes of a run that it is left as it is, which is another reason for their cancellation than its end.
final class Departure: Sendable {
    private let flag = Atomic(false)

    /// Whether the run is left.
    var hasBegun: Bool { flag.load(ordering: .acquiring) }

    /// Leaves it.
    func begin() { flag.store(true, ordering: .releasing) }
}
