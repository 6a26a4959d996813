import FlowCore
import FlowJSON

/// Keeps secrets out of the chunks of one attempt, over which a secret may be split.
///
/// A chunk waits as long as a text in it ends with what may be the beginning of a secret, and so do those behind it; then
/// it goes on as it was, or without its part of the secret. The texts at one place of the chunks are read as one text.
struct ChunkFilter: Sendable {
    /// So many chunks without a text at a place end the text there, so that what follows does not wait for long.
    private static let patience = 64

    /// A text that was not handed out yet, or not all of it.
    private struct Piece: Sendable {
        let chunk: Int
        let leaf: Int
        var clean: [UInt8] = []
        /// How many of its bytes wait.
        var open: Int
    }

    /// The text at one place.
    private struct Stream: Sendable {
        var held: [UInt8] = []
        var pieces: [Piece] = []
        var last = 0
    }

    private struct Waiting: Sendable {
        let value: JSONValue
        /// The texts in it without secrets, by their order.
        var texts: [Int: String] = [:]
        /// How many of its texts wait.
        var open = 0
    }

    private let secrets: any SecretSource
    private var streams: [JSONPointer: Stream] = [:]
    private var waiting: [Waiting] = []
    /// The number of the first one that waits.
    private var first = 0

    init(_ secrets: any SecretSource) { self.secrets = secrets }

    /// The chunks that can be handed out once the next one is there.
    mutating func take(_ value: JSONValue) -> [JSONValue] {
        let number = first + waiting.count
        waiting.append(Waiting(value: value))
        var leaf = 0
        read(value, at: [], number, &leaf)
        for (place, stream) in streams where stream.last + Self.patience < number {
            close(place, stream)
        }
        return released()
    }

    /// What is left when there is no further one.
    mutating func rest() -> [JSONValue] {
        for (place, stream) in streams { close(place, stream) }
        return released()
    }

    private mutating func read(_ value: JSONValue, at place: JSONPointer, _ number: Int, _ leaf: inout Int) {
        switch value {
        case .null, .bool, .integer, .double: break
        case .string(let text):
            var stream = streams[place] ?? Stream()
            stream.last = number
            let bytes = Array(text.utf8)
            stream.held += bytes
            stream.pieces.append(Piece(chunk: number, leaf: leaf, open: bytes.count))
            waiting[number - first].open += 1
            leaf += 1
            settle(&stream, isComplete: false)
            streams[place] = stream.pieces.isEmpty ? nil : stream
        case .array(let elements):
            for (index, element) in elements.enumerated() { read(element, at: place.appending(index), number, &leaf) }
        case .object(let object):
            for member in object.members { read(member.value, at: place.appending(member.name), number, &leaf) }
        }
    }

    private mutating func close(_ place: JSONPointer, _ stream: Stream) {
        var stream = stream
        settle(&stream, isComplete: true)
        streams[place] = nil
    }

    /// Hands what is known of a text back to the chunks that it came in.
    private mutating func settle(_ stream: inout Stream, isComplete: Bool) {
        let search = secrets.search(stream.held, isComplete: isComplete)
        var matches = search.matches[...]
        var start = 0
        for index in stream.pieces.indices {
            let end = start + stream.pieces[index].open
            var place = start
            let stop = min(end, search.open)
            while place < stop {
                while let match = matches.first, match.range.upperBound <= place { matches.removeFirst() }
                guard let match = matches.first, match.range.lowerBound < stop else {
                    stream.pieces[index].clean += stream.held[place..<stop]
                    break
                }
                if place <= match.range.lowerBound {
                    stream.pieces[index].clean += stream.held[place..<match.range.lowerBound]
                    stream.pieces[index].clean += match.replacement.utf8
                }
                place = min(stop, match.range.upperBound)
            }
            stream.pieces[index].open = max(0, end - max(start, search.open))
            start = end
        }
        for piece in stream.pieces where piece.open == 0 {
            waiting[piece.chunk - first].open -= 1
            waiting[piece.chunk - first].texts[piece.leaf] = String(decoding: piece.clean, as: UTF8.self)
        }
        stream.pieces.removeAll { $0.open == 0 }
        stream.held.removeFirst(min(search.open, stream.held.count))
    }

    private mutating func released() -> [JSONValue] {
        let count = waiting.firstIndex { $0.open > 0 } ?? waiting.count
        let chunks = waiting.prefix(count).map { chunk in
            var leaf = 0
            return cleared(chunk.value, chunk.texts, &leaf)
        }
        waiting.removeFirst(count)
        first += count
        return chunks
    }

    private func cleared(_ value: JSONValue, _ texts: [Int: String], _ leaf: inout Int) -> JSONValue {
        switch value {
        case .null, .bool: return value
        case .integer, .double: return secrets.redacted(value)
        case .string(let text):
            defer { leaf += 1 }
            return .string(texts[leaf] ?? text)
        case .array(let elements):
            var result: [JSONValue] = []
            for element in elements { result.append(cleared(element, texts, &leaf)) }
            return .array(result)
        case .object(let object):
            var result = JSONObject()
            for member in object.members {
                result[secrets.redacted(member.name) ?? member.name] = cleared(member.value, texts, &leaf)
            }
            return .object(result)
        }
    }
}
