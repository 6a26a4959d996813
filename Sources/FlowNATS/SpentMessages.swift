import CNATS

/// Messages that have been copied and are to be freed.
///
/// The library has a thread free them, which is woken by each one that is given back while it sleeps: a change of threads
/// for every message. So they are given back several at a time.
///
/// Of the loop's thread alone.
final class SpentMessages {
    /// How many are kept at most, and how many bytes of theirs.
    private static let most = 64
    private static let mostBytes: Int32 = 64 << 10

    private var messages: [OpaquePointer] = []
    private var bytes: Int32 = 0

    /// Takes a message over.
    func add(_ message: OpaquePointer) {
        messages.append(message)
        bytes += natsMsg_GetDataLength(message)
        if messages.count >= Self.most || bytes >= Self.mostBytes { empty() }
    }

    /// Gives all back.
    func empty() {
        for message in messages { natsMsg_Destroy(message) }
        messages.removeAll(keepingCapacity: true)
        bytes = 0
    }
}
