import CNATS
import Glibc

/// What the library calls, on threads of its own.
enum Callbacks {
    private static func context(_ pointer: UnsafeMutableRawPointer?) -> NativeConnection.Context? {
        // Safe because the context outlives its connection by far.
        pointer.map { Unmanaged<NativeConnection.Context>.fromOpaque($0).takeUnretainedValue() }
    }

    /// A message came.
    static let message: natsMsgHandler = { _, _, message, closure in
        guard let message else { return }
        defer { natsMsg_Destroy(message) }
        guard let closure, let copy = NATSMessage(copying: message) else { return }
        // Safe because receivers are never released.
        Unmanaged<NativeConnection.Receiver>.fromOpaque(closure).takeUnretainedValue().receive(copy)
    }

    /// A connection was made that could not be made at first, or was made anew.
    static let connected: natsConnectionHandler = { _, closure in context(closure)?.owner.value?.connected() }
    /// A connection was lost.
    static let disconnected: natsConnectionHandler = { _, closure in context(closure)?.owner.value?.disconnected() }
    /// The library has given up on a connection.
    static let closed: natsConnectionHandler = { connection, closure in
        let owner = context(closure)?.owner.value
        if let text = lastError(of: connection) { owner?.failed(text) }
        owner?.closed()
    }

    /// Something went wrong that no call could tell, such as a permission that is missing.
    static let failed: natsErrHandler = { connection, subscription, status, closure in
        context(closure)?.owner.value?.failed(lastError(of: connection) ?? NativeConnection.text(status))
    }

    private static func lastError(of connection: OpaquePointer?) -> String? {
        var last: UnsafePointer<CChar>?
        // Safe because the text belongs to the connection and is copied before another call can change it.
        let status = natsConnection_GetLastError(connection, &last)
        // That no broker is left says nothing of why each of them was given up, which was told before.
        guard status != NATS_OK, status != NATS_NO_SERVER, let last else { return nil }
        let text = String(cString: last)
        return text.isEmpty ? nil : LibraryText.told(text)
    }

    /// The library has a new socket.
    static let attach: natsEvLoop_Attach = { userData, loop, _, socket in
        guard let context = context(loop) else { return NATS_ERR }
        userData?.pointee = loop
        context.loop.attach(Int32(socket))
        return NATS_OK
    }
    /// The library wants to read, or no more.
    static let reads: natsEvLoop_ReadAddRemove = { userData, flag in
        context(userData)?.loop.setReads(flag)
        return NATS_OK
    }
    /// The library has something to write, or no more.
    static let writes: natsEvLoop_WriteAddRemove = { userData, flag in
        context(userData)?.loop.setWrites(flag)
        return NATS_OK
    }
    /// The library has no socket any more.
    static let detach: natsEvLoop_Detach = { userData in
        context(userData)?.loop.detach()
        return NATS_OK
    }

    /// Tells the token of who connects. The library frees the copy.
    static let token: natsUserJWTHandler = { token, _, closure in
        guard case .jwt(let jwt, _) = context(closure)?.settings.credentials else { return NATS_ERR }
        token?.pointee = strdup(jwt)
        return NATS_OK
    }
    /// Signs what a broker sends for it. The library frees the signature.
    static let sign: natsSignatureHandler = { _, signature, count, nonce, closure in
        let seed: String
        switch context(closure)?.settings.credentials {
        case .jwt(_, let its), .nkey(_, let its): seed = its
        default: return NATS_ERR
        }
        return nats_Sign(seed, nonce, signature, count)
    }
}
