import Dispatch
import Glibc

/// Signals by which the operating system asks the process to end.
package enum Signals {
    /// SIGTERM and SIGINT, as they come.
    package static func termination() async -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream.makeStream(of: Int32.self)
        let registered = DispatchGroup()
        let sources = [SIGTERM, SIGINT].map { number in
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { continuation.yield(number) }
            registered.enter()
            source.setRegistrationHandler { registered.leave() }
            source.resume()
            return source
        }
        // A source is registered on a thread of the library's own, which also takes the signal over. One that comes before
        // ends the process as it ends any other; were it ignored until then, it would be lost.
        await withCheckedContinuation { done in registered.notify(queue: .global()) { done.resume() } }
        let owner = Sources(sources)
        continuation.onTermination = { _ in owner.cancel() }
        return stream
    }

    private final class Sources: @unchecked Sendable {
        // Safe because the list never changes and a source may be cancelled from any thread.
        private let sources: [any DispatchSourceSignal]

        init(_ sources: [any DispatchSourceSignal]) { self.sources = sources }

        func cancel() { for source in sources { source.cancel() } }
    }

    /// Ends the process without any further ado.
    package static func exit(_ code: Int32) -> Never { Glibc.exit(code) }
}
