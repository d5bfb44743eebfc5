import CProtobufC
import Glibc

/// Memory that is handed out from the front and given back all at once.
///
/// libprotobuf-c allocates per string and per submessage; here that is an addition. Memory past
/// the budget is refused, which libprotobuf-c handles cleanly. Safe to hold: it owns its blocks, and
/// what it hands out is an unsafe pointer by its type.
@safe struct Arena: ~Copyable {
    /// The first free byte, and the end of the block it belongs to.
    private var next: UnsafeMutableRawPointer
    private var end: UnsafeMutableRawPointer
    /// The newest block; each begins with the address of the one before it.
    private var newest: UnsafeMutableRawPointer?
    private var blockSize: Int
    private var budget: UInt
    /// Whether memory was refused.
    private(set) var isExhausted = false

    private static let alignment = 16
    private static let mostBlockSize = 1 << 20
    /// The largest first block that malloc keeps at hand for its thread (1,032 bytes in glibc, a block's header included). A larger
    /// one costs as much as packing a small message.
    static let handyBlockSize = 1_008

    /// - Parameters:
    ///   - blockSize: bytes of the first block; later ones grow.
    ///   - budget: bytes that may be handed out in all, what alignment takes included.
    init(blockSize: Int, budget: Int) {
        unsafe next = Self.block(blockSize + Self.alignment)
        unsafe newest = next
        unsafe end = next + blockSize + Self.alignment
        unsafe next.storeBytes(of: 0, as: UInt.self)
        unsafe next += Self.alignment
        self.blockSize = blockSize
        self.budget = UInt(budget)
    }

    deinit {
        var block = unsafe newest
        while let current = unsafe block {
            unsafe block = UnsafeMutableRawPointer(
                bitPattern: current.load(as: UInt.self))
            unsafe free(current)
        }
    }

    /// `UnsafeMutableRawPointer.allocate` would use `posix_memalign`, which costs three times as much.
    private static func block(_ byteCount: Int) -> UnsafeMutableRawPointer {
        guard let block = unsafe malloc(byteCount) else { preconditionFailure("out of memory") }
        return unsafe block
    }

    /// Uninitialised memory, aligned for every C type; nil past the budget.
    @inline(__always)
    mutating func allocate(_ byteCount: Int) -> UnsafeMutableRawPointer? {
        // The count comes from foreign bytes: compared before anything is added to it.
        guard UInt(bitPattern: byteCount) <= budget else {
            isExhausted = true
            return nil
        }
        let size = (byteCount + (Self.alignment - 1)) & ~(Self.alignment - 1)
        budget -= min(budget, UInt(bitPattern: size))
        guard unsafe size <= end - next else { return unsafe allocateBlock(size) }
        let memory = unsafe next
        unsafe next += size
        return unsafe memory
    }

    @inline(never)
    private mutating func allocateBlock(_ size: Int) -> UnsafeMutableRawPointer? {
        blockSize = min(blockSize * 2, Self.mostBlockSize)
        let isLarge = size > blockSize / 4
        let byteCount = (isLarge ? size : blockSize) + Self.alignment
        let block = unsafe Self.block(byteCount)
        unsafe block.storeBytes(of: UInt(bitPattern: newest), as: UInt.self)
        unsafe newest = block
        let memory = unsafe block + Self.alignment
        if !isLarge {
            unsafe next = memory + size
            unsafe end = block + byteCount
        }
        return unsafe memory
    }

    /// Room for values of a C type. Only for what this process packs itself: no budget applies.
    @inline(__always)
    mutating func room<Value>(for type: Value.Type, _ count: Int = 1) -> UnsafeMutablePointer<Value>
    {
        guard let memory = unsafe allocate(count * MemoryLayout<Value>.stride) else {
            preconditionFailure("packing has no budget")
        }
        return unsafe memory.bindMemory(to: type, capacity: count)
    }
}

/// What libprotobuf-c calls for memory; `data` is the `Arena`.
func arenaAllocate(_ data: UnsafeMutableRawPointer?, _ byteCount: Int) -> UnsafeMutableRawPointer? {
    unsafe data?.assumingMemoryBound(to: Arena.self).pointee.allocate(byteCount)
}

/// An arena gives everything back at its end.
func arenaFree(_ data: UnsafeMutableRawPointer?, _ memory: UnsafeMutableRawPointer?) {}
