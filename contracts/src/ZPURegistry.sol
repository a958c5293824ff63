// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {IZPURegistry} from "./interfaces/IZPURegistry.sol";
import {PermitCall} from "./libraries/PermitCall.sol";

/// @title Nodes and their stake (documented in `IZPURegistry`)
contract ZPURegistry is IZPURegistry, ReentrancyGuardTransient {
    using SafeERC20 for IERC20;

    IERC20 public immutable TOKEN;
    /// @inheritdoc IZPURegistry
    uint256 public immutable MIN_STAKE;
    /// @inheritdoc IZPURegistry
    uint64 public immutable THAW_SECONDS;

    mapping(address owner => Node) private _nodes;
    /// @inheritdoc IZPURegistry
    mapping(address operator => address owner) public ownerOf;
    /// @inheritdoc IZPURegistry
    mapping(address owner => address payout) public proposedPayoutOf;

    constructor(IERC20 token, uint256 minStake, uint64 thawSeconds) {
        TOKEN = token;
        MIN_STAKE = minStake;
        THAW_SECONDS = thawSeconds;
    }

    /// @inheritdoc IZPURegistry
    function register(address operator, address payout, bytes32 peerKey, uint256 stake) external nonReentrant {
        _register(operator, payout, peerKey, stake);
    }

    /// @inheritdoc IZPURegistry
    function registerWithPermit(
        address operator,
        address payout,
        bytes32 peerKey,
        uint256 stake,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external nonReentrant {
        PermitCall.permitOrAllowance(IERC20Permit(address(TOKEN)), stake, deadline, v, r, s);
        _register(operator, payout, peerKey, stake);
    }

    /// @inheritdoc IZPURegistry
    function addStake(uint256 amount) external nonReentrant {
        Node storage node = _registered(msg.sender);
        if (amount == 0) revert AmountZero();
        node.stake += amount;
        emit Staked(msg.sender, amount, node.stake);
        TOKEN.safeTransferFrom(msg.sender, address(this), amount);
    }

    /// @inheritdoc IZPURegistry
    function thaw(uint256 amount) external {
        Node storage node = _registered(msg.sender);
        if (amount == 0) revert AmountZero();
        uint256 active = node.stake - node.thawing;
        if (amount > active) revert ThawAboveStake(amount, active);
        node.thawing += amount;
        uint64 endsAt = uint64(block.timestamp) + THAW_SECONDS;
        node.thawEndsAt = endsAt;
        emit Thawed(msg.sender, amount, endsAt);
    }

    /// @inheritdoc IZPURegistry
    function unstake() external nonReentrant {
        Node storage node = _registered(msg.sender);
        uint256 amount = node.thawing;
        if (amount == 0) revert NothingThawing();
        if (block.timestamp < node.thawEndsAt) revert StillThawing(node.thawEndsAt);
        node.thawing = 0;
        node.thawEndsAt = 0;
        node.stake -= amount;
        emit Unstaked(msg.sender, amount, node.stake);
        TOKEN.safeTransfer(msg.sender, amount);
    }

    /// @inheritdoc IZPURegistry
    function rotateOperator(address operator) external {
        Node storage node = _registered(msg.sender);
        delete ownerOf[node.operator];
        _bindOperator(operator);
        node.operator = operator;
        emit OperatorRotated(msg.sender, operator);
    }

    /// @inheritdoc IZPURegistry
    function proposePayout(address payout) external {
        _registered(msg.sender);
        if (payout == address(0)) revert AddressZero();
        proposedPayoutOf[msg.sender] = payout;
        emit PayoutProposed(msg.sender, payout);
    }

    /// @inheritdoc IZPURegistry
    function confirmPayout(address owner) external {
        Node storage node = _registered(owner);
        if (proposedPayoutOf[owner] != msg.sender) revert NotProposedPayout(msg.sender);
        delete proposedPayoutOf[owner];
        node.payout = msg.sender;
        emit PayoutChanged(owner, msg.sender);
    }

    /// @inheritdoc IZPURegistry
    function setPeerKey(bytes32 peerKey) external {
        Node storage node = _registered(msg.sender);
        if (peerKey == 0) revert PeerKeyZero();
        node.peerKey = peerKey;
        emit PeerKeyChanged(msg.sender, peerKey);
    }

    /// @inheritdoc IZPURegistry
    function nodeOf(address owner) external view returns (Node memory) {
        return _nodes[owner];
    }

    /// @inheritdoc IZPURegistry
    function isActive(address owner) external view returns (bool) {
        Node storage node = _nodes[owner];
        return node.operator != address(0) && node.stake - node.thawing >= MIN_STAKE;
    }

    function _register(address operator, address payout, bytes32 peerKey, uint256 stake) private {
        if (_nodes[msg.sender].operator != address(0)) revert AlreadyRegistered(msg.sender);
        if (payout == address(0)) revert AddressZero();
        if (peerKey == 0) revert PeerKeyZero();
        if (stake < MIN_STAKE) revert StakeBelowMinimum(stake, MIN_STAKE);
        _bindOperator(operator);
        _nodes[msg.sender] = Node(operator, payout, peerKey, stake, 0, 0);
        emit Registered(msg.sender, operator, payout, peerKey);
        emit Staked(msg.sender, stake, stake);
        TOKEN.safeTransferFrom(msg.sender, address(this), stake);
    }

    function _bindOperator(address operator) private {
        if (operator == address(0)) revert AddressZero();
        if (ownerOf[operator] != address(0)) revert OperatorTaken(operator);
        ownerOf[operator] = msg.sender;
    }

    function _registered(address owner) private view returns (Node storage node) {
        node = _nodes[owner];
        if (node.operator == address(0)) revert NotRegistered(owner);
    }
}
