// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

import {Proof} from "../../src/interfaces/IZPUTypes.sol";
import {Bn254} from "../../src/libraries/Bn254.sol";
import {TrapdoorKey as K} from "./TrapdoorKey.sol";

/// @title TEST ONLY: makes a valid Groth16 proof for any signals under TrapdoorKey, from its secret scalars
library TrapdoorProver {
    /// @notice With A = blind * G1 and B fixed, C is what makes the pairing equation hold. `blind` is not 0 modulo R.
    function prove(uint256[3] memory signals, uint256 blind) internal view returns (Proof memory proof) {
        uint256 a = blind % Bn254.R;
        uint256 combined = K.IC0;
        combined = addmod(combined, mulmod(signals[0], K.IC1, Bn254.R), Bn254.R);
        combined = addmod(combined, mulmod(signals[1], K.IC2, Bn254.R), Bn254.R);
        combined = addmod(combined, mulmod(signals[2], K.IC3, Bn254.R), Bn254.R);
        uint256 right = addmod(mulmod(K.ALPHA, K.BETA, Bn254.R), mulmod(combined, K.GAMMA, Bn254.R), Bn254.R);
        uint256 c = mulmod(addmod(mulmod(a, K.B, Bn254.R), Bn254.R - right, Bn254.R), K.DELTA_INVERSE, Bn254.R);
        proof.a = g1(a);
        proof.b = K.proofB();
        proof.c = g1(c);
    }

    /// @notice scalar * generator of G1.
    function g1(uint256 scalar) internal view returns (uint256[2] memory point) {
        return Bn254.addScaled([uint256(0), 0], [uint256(1), 2], scalar);
    }
}
