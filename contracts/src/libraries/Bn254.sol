// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title The curve BN254 over precompiles 6, 7 and 8 (EIP-196, EIP-197)
/// @notice G1 points are [x, y], G2 points [[x1, x0], [y1, y0]] with the imaginary part first, as the pairing precompile reads them.
library Bn254 {
    /// @notice Order of the groups: the field of scalars and public signals.
    uint256 internal constant R = 21888242871839275222246405745257275088548364400416034343698204186575808495617;
    /// @notice Prime of the base field: the field of coordinates.
    uint256 internal constant P = 21888242871839275222246405745257275088696311157297823662689037894645226208583;

    /// @notice A precompile refused a sum or product of points that are on the curve: it was short of gas.
    error PrecompileFailed();

    /// @notice Whether a point is on the curve y^2 = x^3 + 3, canonical, and not at infinity. G1 has no other subgroup.
    function isG1(uint256[2] memory point) internal pure returns (bool) {
        uint256 x = point[0];
        uint256 y = point[1];
        if (x >= P || y >= P) return false;
        return mulmod(y, y, P) == addmod(mulmod(mulmod(x, x, P), x, P), 3, P);
    }

    /// @notice Whether a point is infinity (all zero), the one G2 point that the pairing takes and we do not.
    function isZeroG2(uint256[2][2] memory point) internal pure returns (bool) {
        return point[0][0] | point[0][1] | point[1][0] | point[1][1] == 0;
    }

    /// @notice sum + scalar * point, both on the curve.
    function addScaled(
        uint256[2] memory sum,
        uint256[2] memory point,
        uint256 scalar
    ) internal view returns (uint256[2] memory result) {
        bool ok;
        assembly ("memory-safe") {
            let free := mload(0x40)
            mstore(free, mload(point))
            mstore(add(free, 32), mload(add(point, 32)))
            mstore(add(free, 64), scalar)
            ok := staticcall(gas(), 7, free, 96, free, 64)
            mstore(add(free, 64), mload(sum))
            mstore(add(free, 96), mload(add(sum, 32)))
            ok := and(ok, staticcall(gas(), 6, free, 128, result, 64))
        }
        if (!ok) revert PrecompileFailed();
    }

    /// @notice Writes pair `index` (a G1 point, a G2 point) of a pairing input.
    function setPair(
        uint256[] memory input,
        uint256 index,
        uint256[2] memory g1,
        uint256[2][2] memory g2
    ) internal pure {
        uint256 word = index * 6;
        input[word] = g1[0];
        input[word + 1] = g1[1];
        input[word + 2] = g2[0][0];
        input[word + 3] = g2[0][1];
        input[word + 4] = g2[1][0];
        input[word + 5] = g2[1][1];
    }

    /// @notice Whether the product of the pairings is one. `valid` is false where the precompile refused a point (or ran out of
    /// gas); `input` holds six words a pair.
    function pairing(uint256[] memory input) internal view returns (bool valid, bool one) {
        uint256 word;
        assembly ("memory-safe") {
            valid := staticcall(gas(), 8, add(input, 32), mul(mload(input), 32), 0, 32)
            valid := and(valid, eq(returndatasize(), 32))
            word := mload(0)
        }
        one = valid && word == 1;
    }
}
