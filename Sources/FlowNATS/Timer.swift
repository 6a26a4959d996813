import Dispatch

/// Calls a function again and again.
final class Timer: @unchecked Sendable {
    // Safe because the source never changes and may be cancelled from any thread.
    private let source: any DispatchSourceTimer

    init(every interval: Duration, _ body: @escaping @Sendable () -> Void) {
        source = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "flowcore.nats.timer"))
        let milliseconds = Int(interval / .milliseconds(1))
        source.schedule(
            deadline: .now() + .milliseconds(milliseconds), repeating: .milliseconds(milliseconds),
            leeway: .milliseconds(milliseconds / 10))
        source.setEventHandler(handler: body)
        source.resume()
    }

    func stop() { source.cancel() }
}
