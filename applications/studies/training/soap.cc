// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#include "applications/studies/training/layers.h"
// After LibTorch.
#include <lsr/base/device.h>

#include <cmath>

#include "applications/studies/training/soap.h"

namespace lsr_studies
{
  namespace
  {
    constexpr double beta = 0.95;

    const auto options = torch::TensorOptions(torch::kDouble)
                           .device(blocks_on_host ? torch::kCPU : torch::kCUDA);

    /// Eigenvectors of a running mean of symmetric matrices.
    struct Eigenvectors
    {
      torch::Tensor mean, Q;

      /// A step of orthogonal iteration; $Q^T$ times the new $Q$.
      torch::Tensor
      iterate()
      {
        const torch::Tensor old = Q;
        Q                       = std::get<0>(torch::linalg_qr(mean.matmul(Q)));
        return old.t().matmul(Q);
      }
    };



    /// A vector of parameters as a tensor in the same memory.
    torch::Tensor
    as_tensor(const Column &theta)
    {
      return torch::from_blob(theta.data(), {long(theta.size())}, options);
    }
  } // namespace



  /// A layer as one matrix, outputs x (inputs + 1), with the biases at last.
  struct Soap::Layer : LinearLayer
  {
    Eigenvectors  left, right;
    torch::Tensor first_moment, second_moment;

    explicit Layer(const LinearLayer &layer)
      : LinearLayer(layer)
    {
      const long n = n_outputs, m = n_inputs + 1;
      left          = {torch::zeros({n, n}, options), torch::eye(n, options)};
      right         = {torch::zeros({m, m}, options), torch::eye(m, options)};
      first_moment  = torch::zeros({n, m}, options);
      second_moment = torch::zeros({n, m}, options);
    }

    void
    rotate()
    {
      const auto by_left = left.iterate(), by_right = right.iterate();
      first_moment = by_left.t().matmul(first_moment).matmul(by_right);
    }
  };



  Soap::Soap(const FullyConnected &layout)
  {
    for (const LinearLayer &layer : linear_layers(layout))
      layers.emplace_back(layer);
  }



  Soap::~Soap() = default;



  void
  Soap::step(const Column &theta, const Column &gradient, const double rate)
  {
    const torch::NoGradGuard no_grad;
    Kokkos::fence();
    const torch::Tensor x = as_tensor(theta), g = as_tensor(gradient);
    ++n_steps;
    const double correction = 1. - std::pow(beta, n_steps);
    for (Layer &layer : layers)
      {
        const auto G =
          torch::cat({layer.weights(g), layer.biases(g).unsqueeze(1)}, 1);
        layer.left.mean.lerp_(G.matmul(G.t()), 1. - beta);
        layer.right.mean.lerp_(G.t().matmul(G), 1. - beta);
        if (n_steps == 1)
          for (unsigned int i = 0; i < 10; ++i)
            layer.rotate();
        const auto rotated = layer.left.Q.t().matmul(G).matmul(layer.right.Q);
        layer.first_moment.lerp_(rotated, 1. - beta);
        layer.second_moment.lerp_(rotated.square(), 1. - beta);
        if (n_steps > 1) // the first step only makes the eigenvectors
          {
            const auto step =
              layer.left.Q
                .matmul(layer.first_moment / correction /
                        ((layer.second_moment / correction).sqrt() + 1e-8))
                .matmul(layer.right.Q.t());
            layer.weights(x).sub_(step.narrow(1, 0, layer.n_inputs), rate);
            layer.biases(x).sub_(step.select(1, layer.n_inputs), rate);
          }
        if (n_steps % 10 == 0)
          layer.rotate();
      }
  }
} // namespace lsr_studies
