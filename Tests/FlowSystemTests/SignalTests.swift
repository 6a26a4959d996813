import FlowSystem
import Glibc
import Testing

@Suite("signals", .timeLimit(.minutes(1)))
struct SignalTests {
    @Test("a signal that comes right behind the registration is told", arguments: [SIGTERM, SIGINT])
    func early(number: Int32) async {
        await #expect(processExitsWith: .success) { [number] in
            var signals = await Signals.termination().makeAsyncIterator()
            kill(getpid(), number)
            guard await signals.next() == number else { exit(1) }
        }
    }
}
