import CNATS
import Glibc

/// The library's form of the options of a connection. It copies all texts.
struct LibraryOptions {
    let pointer: OpaquePointer?
    /// The first thing that went wrong.
    private(set) var status: natsStatus

    /// - Parameter context: What callbacks get.
    init(_ settings: NATSOptions, context: UnsafeMutableRawPointer) {
        var made: OpaquePointer?
        status = natsOptions_Create(&made)
        pointer = made
        guard let made, status == NATS_OK else { return }
        set(Self.withTexts(settings.servers) { natsOptions_SetServers(made, $0, Int32(settings.servers.count)) })
        set(natsOptions_SetName(made, settings.name))
        set(natsOptions_SetTimeout(made, 2000))
        set(natsOptions_SetAllowReconnect(made, true))
        set(natsOptions_SetMaxReconnect(made, -1))
        set(natsOptions_SetReconnectWait(made, 250))
        set(natsOptions_SetReconnectJitter(made, 100, 250))
        // A broker that says nothing for so long is taken to be gone.
        set(natsOptions_SetPingInterval(made, 5000))
        set(natsOptions_SetMaxPingsOut(made, 2))
        set(natsOptions_SetSendAsap(made, true))
        // Whoever owns the connection tries again himself, and learns each time what was wrong.
        set(natsOptions_SetRetryOnFailedConnect(made, false, nil, nil))
        set(natsOptions_SetReconnectedCB(made, Callbacks.connected, context))
        set(natsOptions_SetDisconnectedCB(made, Callbacks.disconnected, context))
        set(natsOptions_SetClosedCB(made, Callbacks.closed, context))
        set(natsOptions_SetErrorHandler(made, Callbacks.failed, context))
        set(
            natsOptions_SetEventLoop(
                made, context, Callbacks.attach, Callbacks.reads, Callbacks.writes, Callbacks.detach))
        setCredentials(settings, made, context)
        setTLS(settings, made)
    }

    func destroy() { natsOptions_Destroy(pointer) }

    private mutating func set(_ result: natsStatus) {
        if status == NATS_OK { status = result }
    }

    private mutating func setCredentials(
        _ settings: NATSOptions, _ made: OpaquePointer, _ context: UnsafeMutableRawPointer
    ) {
        switch settings.credentials {
        case .none: break
        case .password(let user, let password): set(natsOptions_SetUserInfo(made, user, password))
        case .token(let token): set(natsOptions_SetToken(made, token))
        case .nkey(let key, _): set(natsOptions_SetNKey(made, key, Callbacks.sign, context))
        case .jwt:
            set(natsOptions_SetUserCredentialsCallbacks(made, Callbacks.token, context, Callbacks.sign, context))
        }
    }

    private mutating func setTLS(_ settings: NATSOptions, _ made: OpaquePointer) {
        guard let tls = settings.tls else { return }
        set(natsOptions_SetSecure(made, true))
        if let authorities = tls.authorities { set(natsOptions_SetCATrustedCertificates(made, authorities)) }
        if let certificate = tls.certificate, let key = tls.key {
            set(natsOptions_SetCertificatesChain(made, certificate, key))
        }
        if let name = tls.serverName { set(natsOptions_SetExpectedHostname(made, name)) }
    }

    /// Calls `body` with C texts that live as long as it runs.
    private static func withTexts(
        _ texts: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) -> natsStatus
    ) -> natsStatus {
        let owned = texts.map { strdup($0) }
        defer { for text in owned { free(text) } }
        var copies = owned.map { UnsafePointer<CChar>($0) }
        return copies.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return NATS_INVALID_ARG }
            return body(base)
        }
    }
}
