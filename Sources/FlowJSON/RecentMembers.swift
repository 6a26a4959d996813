import Synchronization

/// The last texts of a member, with what was made of each: what was read and checked once is neither read nor checked again,
/// and all that came with the same text share it in memory.
public final class RecentMembers<Value: Sendable>: Sendable {
    /// What is known at a moment.
    public struct Known: Sendable {
        fileprivate var texts: [JSONRecall.Parsed] = []
        fileprivate var values: [Value] = []

        /// What was made of the text that a parser has recalled; `nil` when it is another one.
        public func value(of recall: JSONRecall?) -> Value? { recall?.index.map { values[$0] } }
    }

    private let name: String
    private let most: Int
    private let longest: Int
    private let state = Mutex(Known())

    /// Makes an empty memory.
    ///
    /// - Parameters:
    ///   - name: The member's name.
    ///   - most: How many texts are kept.
    ///   - longest: How many bytes a text may have that is.
    public init(_ name: String, most: Int, longest: Int) {
        self.name = name
        self.most = most
        self.longest = longest
    }

    /// What is known now.
    public var known: Known { state.withLock { $0 } }

    /// What a parser needs to recall what is known.
    public func recall(_ known: Known) -> JSONRecall { JSONRecall(name, known: known.texts, longest: longest) }

    /// Keeps what was made of a text that is not known, in place of the one that has been kept for the longest time.
    public func add(_ recall: JSONRecall?, _ value: Value) {
        guard let text = recall?.fresh else { return }
        state.withLock { known in
            // Another request may have come with it at the same time.
            guard !known.texts.contains(where: { $0.text == text.text }) else { return }
            if known.texts.count == most {
                known.texts.removeFirst()
                known.values.removeFirst()
            }
            known.texts.append(text)
            known.values.append(value)
        }
    }
}
