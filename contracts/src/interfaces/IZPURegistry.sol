// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title Who may work: owner (cold), operator (hot), payout address, peer key, stake
/// @notice A node is named by its owner's address, which never changes.
interface IZPURegistry {
    struct Node {
        address operator;
        address payout;
        bytes32 peerKey; // raw Ed25519 public key of the libp2p peer
        uint256 stake;
        uint256 thawing; // part of `stake` that is on its way out
        uint64 thawEndsAt;
    }

    event Registered(address indexed owner, address indexed operator, address payout, bytes32 peerKey);
    event Staked(address indexed owner, uint256 amount, uint256 stake);
    event Thawed(address indexed owner, uint256 amount, uint64 endsAt);
    event Unstaked(address indexed owner, uint256 amount, uint256 stake);
    event OperatorRotated(address indexed owner, address operator);
    event PayoutProposed(address indexed owner, address payout);
    event PayoutChanged(address indexed owner, address payout);
    event PeerKeyChanged(address indexed owner, bytes32 peerKey);

    error AlreadyRegistered(address owner);
    error NotRegistered(address owner);
    error OperatorTaken(address operator);
    error StakeBelowMinimum(uint256 stake, uint256 minimum);
    error AmountZero();
    error AddressZero();
    error PeerKeyZero();
    error StillThawing(uint64 endsAt);
    error NothingThawing();
    error ThawAboveStake(uint256 amount, uint256 stake);
    /// The caller is not the payout address that this owner proposed.
    error NotProposedPayout(address caller);

    /// @notice Registers the caller as owner and moves `stake` tokens (allowance needed).
    function register(address operator, address payout, bytes32 peerKey, uint256 stake) external;
    /// @notice The same with an EIP-2612 permit instead of an allowance.
    function registerWithPermit(
        address operator,
        address payout,
        bytes32 peerKey,
        uint256 stake,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;
    function addStake(uint256 amount) external;
    /// @notice Starts the thaw of `amount`; the whole thawing stake can be withdrawn `THAW_SECONDS` later. A second call adds and restarts the term.
    function thaw(uint256 amount) external;
    /// @notice Sends the thawed stake to the owner, once the term is over.
    function unstake() external;
    /// @notice The old operator loses its rights at once.
    function rotateOperator(address operator) external;
    /// @notice The owner proposes; `confirmPayout` must come from the new address.
    function proposePayout(address payout) external;
    function confirmPayout(address owner) external;
    function setPeerKey(bytes32 peerKey) external;

    function nodeOf(address owner) external view returns (Node memory);
    /// @notice The owner whose operator this is; zero where there is none.
    function ownerOf(address operator) external view returns (address);
    /// @notice The payout address that `owner` has proposed and that has not confirmed yet; zero where there is none.
    function proposedPayoutOf(address owner) external view returns (address);
    /// @notice Registered with stake minus thawing >= the minimum.
    function isActive(address owner) external view returns (bool);
    /// @notice Wei of active stake below which a node gets no jobs.
    function MIN_STAKE() external view returns (uint256);
    function THAW_SECONDS() external view returns (uint64);
}
