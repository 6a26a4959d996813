import CAnswers
import CMicroHTTPD
import FlowHTTP
import Glibc
import Synchronization

/// One instance of the library on one event loop.
final class Daemon: @unchecked Sendable {
    // Safe because everything that changes is touched on the loop's thread alone.

    /// How often deadlines are looked at.
    static let sweepInterval: Duration = .milliseconds(250)

    let loop: EventLoop
    let options: ServerOptions
    let responder: any HTTPResponder
    private(set) var isDraining = false
    /// When the turn began: exact enough for deadlines, and read once for all that happens in it.
    private(set) var now: ContinuousClock.Instant
    /// How many connections and streams there are in memory: what is left when all are closed has leaked.
    let liveObjects = Atomic<Int>(0)
    /// Whether a connection was resumed since the last run of the library.
    var hasResumed = false
    private let maxConnections: Int
    private var handle: OpaquePointer?
    private var epoll: Int32 = -1
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var nextSweep: ContinuousClock.Instant
    private var onStopped: [@Sendable () -> Void] = []

    init(loop: EventLoop, options: ServerOptions, maxConnections: Int, responder: any HTTPResponder) {
        self.loop = loop
        self.options = options
        self.maxConnections = maxConnections
        self.responder = responder
        now = options.now()
        nextSweep = now
    }

    /// What the loop waits for.
    var descriptor: Int32 { epoll }

    /// Begins to serve a socket that listens. On the loop's thread, or before it runs.
    func start(listening descriptor: Int32) throws(ServerError) {
        guard flow_can_queue() else { throw ServerError("libmicrohttpd has no MHD_queue_response") }
        flow_set_refusal_handler(Callbacks.refused)
        // Safe because the daemon stops the library before it goes away.
        let context = Unmanaged.passUnretained(self).toOpaque()
        var items = [
            MHD_OptionItem(option: .LISTEN_SOCKET, value: Int(descriptor), ptr_value: nil),
            MHD_OptionItem(option: .CONNECTION_LIMIT, value: maxConnections, ptr_value: nil),
            MHD_OptionItem(
                option: .CONNECTION_MEMORY_LIMIT, value: ServerOptions.connectionMemory, ptr_value: nil),
            // Deadlines are ours: the library's timeout starts anew with every byte.
            MHD_OptionItem(option: .CONNECTION_TIMEOUT, value: 0, ptr_value: nil),
            MHD_OptionItem(
                option: .NOTIFY_CONNECTION, value: Callbacks.option(Callbacks.notifyConnection),
                ptr_value: context),
            MHD_OptionItem(
                option: .NOTIFY_COMPLETED, value: Callbacks.option(Callbacks.notifyCompleted),
                ptr_value: context),
            MHD_OptionItem(
                option: .URI_LOG_CALLBACK, value: Callbacks.option(Callbacks.logTarget), ptr_value: context),
            MHD_OptionItem(
                option: .UNESCAPE_CALLBACK, value: Callbacks.option(Callbacks.unescape), ptr_value: context),
        ]
        var flags = FLOW_DAEMON_FLAGS
        var secrets: [UnsafeMutablePointer<CChar>?] = []
        defer { for secret in secrets { free(secret) } }
        if let tls = options.tls {
            flags |= FLOW_DAEMON_TLS
            secrets = [strdup(tls.key), strdup(tls.certificate)]
            items.append(MHD_OptionItem(option: .HTTPS_MEM_KEY, value: 0, ptr_value: secrets[0]))
            items.append(MHD_OptionItem(option: .HTTPS_MEM_CERT, value: 0, ptr_value: secrets[1]))
        }
        items.append(MHD_OptionItem(option: .END, value: 0, ptr_value: nil))
        guard let started = flow_start_daemon(flags, 0, Callbacks.access, context, &items) else {
            throw ServerError(
                options.tls == nil ? "libmicrohttpd did not start" : "the certificate or its key is not valid")
        }
        handle = started
        epoll = flow_epoll_descriptor(started)
    }

    /// One turn of the loop.
    ///
    /// - Returns: how many milliseconds may pass until the next one.
    func turn() -> Int32 {
        guard let handle else { return -1 }
        now = options.now()
        hasResumed = false
        let wasFull = connections.count >= maxConnections
        MHD_run(handle)
        if now >= nextSweep {
            nextSweep = now + Self.sweepInterval
            sweep(now)
        }
        if isDraining, connections.isEmpty { return stop(handle) }
        // The library looks at resumed connections in its next run, and does not say that it has to.
        if hasResumed { return 0 }
        // So it does with the socket that it left alone while all connections were taken.
        if wasFull, connections.count < maxConnections { return 0 }
        var timeout: UInt64 = 0
        if MHD_get_timeout(handle, &timeout) == .YES, timeout == 0 { return 0 }
        return connections.isEmpty ? -1 : 250
    }

    func opened(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = connection
    }

    func closed(_ connection: Connection) { connections[ObjectIdentifier(connection)] = nil }

    /// How many connections are open.
    var connectionCount: Int { connections.count }

    /// Ends connections whose time is over or whose client has gone.
    ///
    /// The library does not look at suspended connections, and it misses the end of one that comes while it reads the
    /// part before it: both are found here.
    private func sweep(_ now: ContinuousClock.Instant) {
        var expecting: [Connection] = []
        for connection in connections.values {
            if connection.isOverdue(at: now) {
                connection.expire()
                continue
            }
            connection.rest(at: now)
            if connection.expectsClient { expecting.append(connection) }
        }
        guard !expecting.isEmpty else { return }
        var descriptors = expecting.map { pollfd(fd: $0.descriptor, events: Int16(FLOW_POLL_HANGUP), revents: 0) }
        guard poll(&descriptors, nfds_t(descriptors.count), 0) > 0 else { return }
        for (connection, descriptor) in zip(expecting, descriptors) where descriptor.revents != 0 {
            if connection.isWaiting || flow_unread(connection.descriptor) == 0 { connection.shut() }
        }
    }

    /// Stops accepting, and closes connections as their requests end.
    func drain(_ onStopped: @escaping @Sendable () -> Void) {
        guard let handle else { return onStopped() }
        self.onStopped.append(onStopped)
        guard !isDraining else { return }
        isDraining = true
        let listening = MHD_quiesce_daemon(handle)
        if listening >= 0 { close(listening) }
        for connection in connections.values { connection.drain() }
    }

    /// Ends every connection that is left.
    func abandon() { for connection in connections.values { connection.shut() } }

    /// No connection is left: the library can be stopped, which it could not with one suspended.
    private func stop(_ handle: OpaquePointer) -> Int32 {
        self.handle = nil
        epoll = -1
        MHD_stop_daemon(handle)
        for body in onStopped { body() }
        onStopped = []
        return -1
    }
}
