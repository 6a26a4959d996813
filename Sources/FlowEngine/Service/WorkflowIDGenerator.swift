public import FlowCore
import Synchronization

/// Makes ids of runs without asking the system for randomness every time.
///
/// The ids have to be unique, not secret: a xoshiro256** generator (Blackman and Vigna, 2018), seeded by the system, is
/// enough.
public final class WorkflowIDGenerator: Sendable {
    private struct Generator: RandomNumberGenerator, Sendable {
        var state: (UInt64, UInt64, UInt64, UInt64)

        mutating func next() -> UInt64 {
            let product = state.1 &* 5
            let result = (product << 7 | product >> 57) &* 9
            let shifted = state.1 << 17
            state.2 ^= state.0
            state.3 ^= state.1
            state.1 ^= state.2
            state.0 ^= state.3
            state.2 ^= shifted
            state.3 = state.3 << 45 | state.3 >> 19
            return result
        }
    }

    private let generator: Mutex<Generator>

    /// Makes a generator that is seeded by the system.
    public init() {
        var system = SystemRandomNumberGenerator()
        generator = Mutex(Generator(state: (system.next(), system.next(), system.next(), system.next() | 1)))
    }

    /// Makes the id of a run that is submitted at an instant.
    public func next(at instant: Timestamp) -> WorkflowID {
        generator.withLock { WorkflowID.version7(at: instant, using: &$0) }
    }
}
