import FlowBackends
import Synchronization
import TestSupport
import Testing

@Suite("the turnstile", .timeLimit(.minutes(1)))
struct TurnstileTests {
    /// Waits until so many wait.
    private static func waiting(_ count: Int, at turnstile: Turnstile) async throws {
        try await until { turnstile.load.waiting == count }
    }

    @Test(
        "those who wait enter in the order in which they came; one that is cancelled is gone; beyond the room nobody waits"
    )
    func order() async throws {
        let visitors = Visitors(Turnstile(capacity: 1, room: 3))
        let turnstile = visitors.turnstile
        #expect(await turnstile.enter() == .entered)
        async let second = visitors.pass("second")
        try await Self.waiting(1, at: turnstile)
        let third = Task { await visitors.pass("third") }
        try await Self.waiting(2, at: turnstile)
        async let fourth = visitors.pass("fourth")
        try await Self.waiting(3, at: turnstile)
        #expect(await visitors.pass("late") == .full)
        third.cancel()
        #expect(await third.value == .cancelled)
        #expect(turnstile.load == (1, 2))
        async let fifth = visitors.pass("fifth")
        try await Self.waiting(3, at: turnstile)
        turnstile.leave()
        #expect(await [second, fourth, fifth] == [.entered, .entered, .entered])
        #expect(visitors.order == ["second", "fourth", "fifth"])
        #expect(turnstile.load == (0, 0))
    }

    @Test("one that was cancelled before does not wait")
    func cancelledBefore() async {
        let turnstile = Turnstile(capacity: 1, room: 1)
        #expect(await turnstile.enter() == .entered)
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await turnstile.enter()
        }
        task.cancel()
        #expect(await task.value == .cancelled)
        #expect(turnstile.load == (1, 0))
    }

    @Test("no place is lost when many come, go and are cancelled at once")
    func places() async {
        let visitors = Visitors(Turnstile(capacity: 3, room: 50))
        let turnstile = visitors.turnstile
        await withTaskGroup { group in
            for number in 0..<200 {
                let task = Task { await visitors.pass("\(number)") }
                if number % 3 == 0 { task.cancel() }
                group.addTask { _ = await task.value }
            }
        }
        #expect(turnstile.load == (0, 0))
        #expect((1...3).contains(visitors.most))
    }
}

/// Goes through a turnstile and keeps who was in, in their order, and how many at once.
private final class Visitors: Sendable {
    let turnstile: Turnstile
    private let state = Mutex((order: [String](), inside: 0, most: 0))

    init(_ turnstile: Turnstile) { self.turnstile = turnstile }

    var order: [String] { state.withLock { $0.order } }
    var most: Int { state.withLock { $0.most } }

    func pass(_ name: String) async -> Turnstile.Answer {
        let answer = await turnstile.enter()
        guard answer == .entered else { return answer }
        state.withLock {
            $0.order.append(name)
            $0.inside += 1
            $0.most = max($0.most, $0.inside)
        }
        await Task.yield()
        state.withLock { $0.inside -= 1 }
        turnstile.leave()
        return answer
    }
}
