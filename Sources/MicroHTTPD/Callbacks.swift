import CAnswers
import CMicroHTTPD

/// The functions that the library calls, all on the thread of the loop that runs its daemon.
///
/// Each takes the reference out of its context and leaves. They stand here, not in the program's main file, whose
/// globals belong to the main actor.
enum Callbacks {
    /// Enumerations arrive as integers; see the shim.
    typealias NotifyConnection =
        @convention(c) (
            UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?, Int32
        ) -> Void
    typealias NotifyCompleted = NotifyConnection
    typealias LogTarget =
        @convention(c) (
            UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?
        ) -> UnsafeMutableRawPointer?
    typealias Unescape =
        @convention(c) (
            UnsafeMutableRawPointer?, OpaquePointer?, UnsafeMutablePointer<CChar>?
        ) -> Int

    /// A connection came or went.
    static let notifyConnection: NotifyConnection = { context, handle, slot, code in
        guard let context, let handle, let slot else { return }
        // Safe because the daemon outlives every connection: it is stopped when the last has gone.
        let daemon = Unmanaged<Daemon>.fromOpaque(context).takeUnretainedValue()
        if code == 0 {
            let connection = Connection(handle, daemon: daemon)
            daemon.opened(connection)
            slot.pointee = Unmanaged.passRetained(connection).toOpaque()
        } else if let pointer = slot.pointee {
            // Safe because this is the one place that gives back what was retained above.
            let connection = Unmanaged<Connection>.fromOpaque(pointer).takeRetainedValue()
            slot.pointee = nil
            daemon.closed(connection)
        }
    }

    /// A request line came. What is returned becomes the request's context.
    static let logTarget: LogTarget = { _, target, handle in
        guard let handle, let target, let pointer = flow_connection_context(handle) else { return nil }
        connection(pointer) { $0.began(target: target) }
        return pointer
    }

    /// Leaves targets as they came: decoding is the router's work, behind its checks.
    static let unescape: Unescape = { _, _, text in
        guard let text else { return 0 }
        var end = text
        while end.pointee != 0 { end += 1 }
        return end - text
    }

    /// A request goes on.
    static let access: MHD_AccessHandlerCallback = { _, _, _, method, version, data, size, slot in
        guard let pointer = slot?.pointee, let method, let version, let size else { return .NO }
        var count = size.pointee
        let goesOn = connection(pointer) {
            $0.handle(method: method, version: version, data: data, size: &count)
        }
        size.pointee = count
        return goesOn ? .YES : .NO
    }

    /// The library is about to refuse a request by itself. What is returned is queued in place of its answer.
    static let refused: flow_refusal_handler = { handle, status in
        guard let handle, let pointer = flow_connection_context(handle) else { return nil }
        return connection(pointer) { $0.refused(Int(status)) }
    }

    /// A request is over.
    static let notifyCompleted: NotifyCompleted = { _, _, slot, _ in
        guard let slot, let pointer = slot.pointee else { return }
        slot.pointee = nil
        connection(pointer) { $0.completed() }
    }

    /// A streamed answer goes on.
    static let readStream: MHD_ContentReaderCallback = { context, _, buffer, maximum in
        guard let context, let buffer else { return -2 }
        // Safe because the response holds the reference until it is freed.
        let stream = Unmanaged<StreamContext>.fromOpaque(context).takeUnretainedValue()
        return stream.connection.read(stream.body, into: buffer, maximum: maximum)
    }

    /// A streamed answer is through.
    static let freeStream: MHD_ContentReaderFreeCallback = { context in
        guard let context else { return }
        // Safe because the library calls this once for each response.
        Unmanaged<StreamContext>.fromOpaque(context).release()
    }

    /// An answer of known length is through.
    static let giveBack: MHD_ContentReaderFreeCallback = { context in
        guard let context else { return }
        // Safe because the library calls this once for each response.
        Unmanaged<LentBody>.fromOpaque(context).release()
    }

    private static func connection<Result>(
        _ pointer: UnsafeMutableRawPointer, _ body: (Connection) -> Result
    ) -> Result {
        // Safe because the connection is retained until the library says that it is closed, which it does in no other call
        // on the connection.
        Unmanaged<Connection>.fromOpaque(pointer)._withUnsafeGuaranteedRef(body)
    }

    /// A function as the options of the library take it.
    static func option<Function>(_ function: Function) -> Int {
        // Safe because a C function is a pointer of the width of Int.
        unsafeBitCast(function, to: Int.self)
    }
}
