// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {Ownable2Step} from "@openzeppelin/contracts/access/Ownable2Step.sol";
import {IZPUProofVerifier} from "./interfaces/IZPUProofVerifier.sol";
import {Proof, VerifyingKey} from "./interfaces/IZPUTypes.sol";
import {Bn254} from "./libraries/Bn254.sol";
import {CodeStorage} from "./libraries/CodeStorage.sol";
import {DevnetKey} from "./libraries/DevnetKey.sol";

/// @title Groth16 over BN254 (documented in `IZPUProofVerifier`)
contract ZPUProofVerifier is IZPUProofVerifier, Ownable2Step {
    /// @dev One slot: where the key's code is, and whether it is the development network's.
    struct Entry {
        address pointer;
        bool devnet;
    }

    mapping(bytes32 modelId => Entry) private _keys;

    constructor(address admin) Ownable(admin) {}

    /// @inheritdoc IZPUProofVerifier
    function addVk(bytes32 modelId, VerifyingKey calldata vk) external onlyOwner {
        if (_keys[modelId].pointer != address(0)) revert VkExists(modelId);
        _checkPoints(vk);
        if (_sameX(vk.gamma, vk.delta) || _sameX(vk.beta, vk.delta) || _sameX(vk.beta, vk.gamma)) revert VkForgeable();
        bytes memory data = abi.encode(vk);
        bytes32 vkHash = keccak256(data);
        bool devnet = vkHash == DevnetKey.HASH;
        if (devnet) _onlyDevnet();
        _keys[modelId] = Entry(CodeStorage.write(data), devnet);
        emit VkAdded(modelId, vkHash);
    }

    /// @inheritdoc IZPUProofVerifier
    function hasVk(bytes32 modelId) external view returns (bool) {
        return _keys[modelId].pointer != address(0);
    }

    /// @inheritdoc IZPUProofVerifier
    function vkOf(bytes32 modelId) external view returns (VerifyingKey memory) {
        return abi.decode(_read(_known(modelId)), (VerifyingKey));
    }

    /// @inheritdoc IZPUProofVerifier
    function vkHashOf(bytes32 modelId) external view returns (bytes32) {
        return keccak256(_read(_known(modelId)));
    }

    /// @inheritdoc IZPUProofVerifier
    /// @dev Groth16 (https://eprint.iacr.org/2016/260, section 3.2): e(-A, B) e(alpha, beta) e(L, gamma) e(C, delta) = 1,
    /// where L = ic[0] + sum of signal[i] * ic[i + 1].
    function verify(bytes32 modelId, uint256[3] calldata signals, Proof calldata proof) external view returns (bool) {
        Entry memory entry = _known(modelId);
        if (entry.devnet) _onlyDevnet();
        for (uint256 i = 0; i < 3; ++i) {
            if (signals[i] >= Bn254.R) revert SignalOutOfField(i, signals[i]);
        }
        uint256[2] memory a = proof.a;
        uint256[2][2] memory b = proof.b;
        uint256[2] memory c = proof.c;
        if (!Bn254.isG1(a)) revert ProofPointInvalid(0);
        if (!Bn254.isG1(c)) revert ProofPointInvalid(2);
        if (Bn254.isZeroG2(b)) revert ProofPointInvalid(1);

        VerifyingKey memory vk = abi.decode(_read(entry), (VerifyingKey));
        uint256[2] memory combined = vk.ic[0];
        for (uint256 i = 0; i < 3; ++i) combined = Bn254.addScaled(combined, vk.ic[i + 1], signals[i]);
        a[1] = Bn254.P - a[1]; // y is never zero on this curve: x^3 = -3 would be a point of order two, and R is odd

        uint256[] memory input = new uint256[](24);
        Bn254.setPair(input, 0, a, b);
        Bn254.setPair(input, 1, vk.alpha, vk.beta);
        Bn254.setPair(input, 2, combined, vk.gamma);
        Bn254.setPair(input, 3, c, vk.delta);
        (bool valid, bool one) = Bn254.pairing(input);
        if (!valid) revert ProofPointInvalid(1);
        return one;
    }

    /// @dev A signal whose `ic` is at infinity would not be bound by the proof at all, so infinity is refused everywhere. The G2
    /// points go through the pairing precompile, which alone knows the subgroup.
    function _checkPoints(VerifyingKey memory vk) private view {
        if (!Bn254.isG1(vk.alpha)) revert VkPointInvalid();
        for (uint256 i = 0; i < 4; ++i) {
            if (!Bn254.isG1(vk.ic[i])) revert VkPointInvalid();
        }
        if (Bn254.isZeroG2(vk.beta) || Bn254.isZeroG2(vk.gamma) || Bn254.isZeroG2(vk.delta)) revert VkPointInvalid();
        uint256[] memory input = new uint256[](18);
        Bn254.setPair(input, 0, vk.alpha, vk.beta);
        Bn254.setPair(input, 1, vk.alpha, vk.gamma);
        Bn254.setPair(input, 2, vk.alpha, vk.delta);
        (bool valid, ) = Bn254.pairing(input);
        if (!valid) revert VkPointInvalid();
    }

    /// @dev Equal x means equal up to sign. Whoever knows such a relation can build proofs without a witness, for instance
    /// A = alpha, B = beta, C = -L where gamma = delta.
    function _sameX(uint256[2][2] memory g, uint256[2][2] memory h) private pure returns (bool) {
        return g[0][0] == h[0][0] && g[0][1] == h[0][1];
    }

    function _onlyDevnet() private view {
        if (block.chainid != DevnetKey.CHAIN_ID) revert VkDevnetOnly(block.chainid);
    }

    function _known(bytes32 modelId) private view returns (Entry memory entry) {
        entry = _keys[modelId];
        if (entry.pointer == address(0)) revert VkUnknown(modelId);
    }

    function _read(Entry memory entry) private view returns (bytes memory) {
        return CodeStorage.read(entry.pointer);
    }
}
