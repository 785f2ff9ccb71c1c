// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception OR LGPL-2.1-or-later

#ifndef lsr_network_implementation_h
#define lsr_network_implementation_h

#include <lsr/network/network.h>

#include <optional>

#include "network/functional_graph.h"
#include "network/refined_file.h"
#include "network/torch_support.h"

namespace lsr
{
  /// The LibTorch side of Network.
  class Network::Implementation
  {
  public:
    Implementation(torch::jit::Module              module,
                   const std::string              &name,
                   const unsigned int              n_inputs,
                   const Scaling                  &scaling,
                   const std::string              &input_names,
                   const std::vector<std::size_t> &sample_sizes);

    /// Check everything that load() promises; also finds out n_outputs. Some of
    /// @p points are taken if there are any.
    void
    probe(std::optional<unsigned int> expected_outputs, const Block &points);

    /// Points of a block as a tensor [n_points, n_inputs], sharing memory.
    at::Tensor
    as_points(const Block &points) const;

    /// Points in the coordinates of the module.
    at::Tensor
    scaled_input(const at::Tensor &x) const;

    /// $q$ for given parameters, scaled, [n_points, n_outputs].
    at::Tensor
    evaluate(const std::vector<at::Tensor> &theta, const at::Tensor &x) const;

    /// $J v$ for one direction, [n_points, n_outputs].
    at::Tensor
    push_forward(const at::Tensor &x, const at::Tensor &direction) const;

    /// The same at given parameters.
    at::Tensor
    push_forward(const std::vector<at::Tensor> &theta,
                 const at::Tensor              &x,
                 const at::Tensor              &direction) const;

    /// $J V$ for directions [r, n_parameters] at once, [r, n_points *
    /// n_outputs]; see batches_directions.
    at::Tensor
    push_block_forward(const at::Tensor &x, const at::Tensor &directions) const;

    /// Add $J^T U$ to @p product, [r, n_parameters], with $U$ given as
    /// [r, n_points, n_outputs].
    void
    pull_back(const at::Tensor &x,
              const at::Tensor &U,
              const at::Tensor &product) const;

    /**
     * Factors of the Jacobian rows of some values at some points: for the
     * layer that a weight matrix $W$ has at $P$ positions, the row is
     * $\sum_p \delta_p \otimes a_p$ with the input, $a_p$ (and a 1 for the
     * bias, 0 where the layer does not add it), and the derivative of the value
     * with respect to the output.
     */
    struct Factors
    {
      std::vector<at::Tensor> a;     // per layer [inputs, points, P]
      std::vector<at::Tensor> delta; // per layer [outputs, points, values, P]
      at::Tensor              other; // [n_other, points, values]
    };

    /// The factors for all outputs of the network, or for linear combinations
    /// of them given as a tensor [points, values, n_outputs].
    Factors
    factors(const at::Tensor                &x,
            const std::optional<at::Tensor> &combinations = {}) const;

    /// The Jacobian rows of a layer, [outputs, inputs, points, values].
    static at::Tensor
    layer_rows(const Factors &factors, const std::size_t layer);

    /// All Jacobian rows into @p rows, [n_parameters, points * values].
    void
    write_rows(const Factors &factors, const at::Tensor &rows) const;

    void
    write_rows(const Block &points, const at::Tensor &rows) const;

    /// Where a parameter is: an entry of a weight matrix (its last column is
    /// the bias), or if @p matrix is negative, a row of the others.
    struct Place
    {
      std::int64_t matrix, row, column;
    };

    std::vector<Place>
    locate(const std::vector<std::size_t> &parameters) const;

    /// Columns of the Jacobian into @p columns, [places, rows].
    void
    write_columns(const at::Tensor         &x,
                  const std::vector<Place> &places,
                  const at::Tensor         &columns) const;

    class RankOneProduct;
    class SeparatedProduct;

    /// $J V$ through the subnetworks, [directions, points * outputs].
    at::Tensor
    separated_product(const at::Tensor &x, const at::Tensor &V) const;

    /// How many points to treat at a time such that about @p n_numbers numbers
    /// for each do not take much memory.
    static std::int64_t
    batch_size(const std::int64_t n_numbers);

    /// Numbers in the intermediate results of a batch, 128 MB.
    static constexpr std::int64_t memory_budget = std::int64_t(1) << 24;

    /// The term $J_\theta \Delta\theta$ of a refined prediction.
    struct Correction
    {
      std::vector<at::Tensor> theta;
      at::Tensor              direction;
    };

    /// Those that the network carries, at different parameters each.
    std::vector<Correction> stored_corrections;

    /// The same and @p further, at the present parameters. Throws if that has
    /// another size.
    std::vector<Correction>
    corrections(const Column &further = {}) const;

    /// Carry copies of these.
    void
    store(const std::vector<Correction> &corrections);

    /// What the network carries, and its present parameters, as a file.
    RefinedFile
    to_file(const std::vector<Correction> &corrections) const;

    /// Take parameters and corrections from a file.
    void
    restore(const RefinedFile &refined);

    /// What corrections contribute to values at some points.
    at::Tensor
    contribution(const at::Tensor              &x,
                 const std::vector<Correction> &corrections) const;

    /// The network for given parameters with corrections, as a tensor that can
    /// be differentiated twice with respect to @p x.
    at::Tensor
    differentiable_prediction(const std::vector<at::Tensor> &theta,
                              const at::Tensor              &x,
                              const std::vector<Correction> &corrections) const;

    void
    check_directions(const Block &V) const;

    torch::jit::Module module;
    std::string        name;
    unsigned int       n_inputs;
    unsigned int       n_outputs = 0;
    Scaling            scaling;
    std::string        input_names;

    /// Sizes of a sample; empty for functions of points.
    std::vector<std::size_t> sample_sizes;

    bool
    is_grid_operator() const
    {
      return !sample_sizes.empty();
    }

    /// Throw for a grid operator, which has no such thing as @p what.
    void
    require_function_of_points(const std::string &what) const;

    /// Some of the points that it was probed at, of those given.
    Block probe_points;

    std::unique_ptr<FunctionalGraph> graph;

    /// The file of the module, and the SHA-256 of the file that it came in.
    std::shared_ptr<const std::string> file;
    std::string                        checksum;

    /// The parameters, float64, detached, in the memory of the module.
    std::vector<at::Tensor> theta;
    std::size_t             n_parameters = 0;

    bool        layered = false;
    std::string description;

    /// Whether all operators have forward mode.
    bool has_forward_mode = true;

    /// Whether derivatives in many directions can be had at once.
    bool batches_directions = false;

    /// So many that the tensors of a step stay in cache.
    std::int64_t n_directions_at_a_time = 1;

    /// Numbers that evaluation computes for a point, intermediate ones
    /// included, and numbers in its factors.
    std::int64_t n_numbers = 0, n_factor_numbers = 0;

    /// Positions $P$ of each layer.
    std::vector<std::int64_t> n_positions;

    /// A weight matrix with its bias, as pieces of the parameter vector.
    struct MatrixLayout
    {
      std::int64_t n_rows, n_columns, offset;
      std::int64_t bias_offset; // negative: no bias

      bool
      has_bias() const
      {
        return bias_offset >= 0;
      }

      std::int64_t
      n_inputs() const
      {
        return n_columns + (has_bias() ? 1 : 0);
      }
    };
    std::vector<MatrixLayout> matrices;

    /// The matrix that a layer applies.
    const MatrixLayout &
    matrix_of(const std::size_t layer) const
    {
      return matrices[graph->layers.layers[layer].matrix];
    }

    /// Parameters outside of weight matrices: place in theta, in the flat
    /// parameter vector, and among others; elementwise ones come first.
    struct OtherParameter
    {
      std::size_t  index;
      std::int64_t offset, row, count;
    };
    std::vector<OtherParameter> others;
    std::int64_t                n_other = 0;

  private:
    /// Where parameters are; with a reason, for the generic path.
    void
    lay_out_parameters(const std::string &reason_against_layers = "");

    void
    add_other(const std::size_t index, const std::int64_t offset);

    /// A vector of the scaling, which may be one number for grid operators.
    at::Tensor
    scaling_tensor(const std::vector<double> &values,
                   const unsigned int         n,
                   const std::string         &what) const;

    /// The obstacle to the layered path, apart from the layers found; empty if
    /// there is none.
    std::string
    reason_against_layers() const;

    std::string
    describe_layers() const;

    /// Derivatives with respect to elementwise parameters.
    void
    fill_elementwise(const std::vector<at::Tensor> &derivatives,
                     const at::Tensor              &other) const;

    /// Derivatives with respect to the rest, by forward mode one by one.
    void
    fill_others(const at::Tensor &x,
                const at::Tensor &combinations,
                const at::Tensor &other) const;

    void
    measure_memory(const at::Tensor &x);

    /// Sets of points to probe at, the best ones first.
    std::vector<at::Tensor>
    sets_of_probe_points(const Block &points) const;

    /// A few points where values are finite and depend on the parameters.
    at::Tensor
    choose_probe_points(const Block &points);

    /// What went wrong in evaluating forward() at points, in words.
    std::string
    explain_failure(const std::string &message) const;

    /// Numbers at a point, for messages.
    void
    require_finite(const at::Tensor &x, const at::Tensor &value) const;

    void
    probe_values(const at::Tensor &x);

    /// Throw if values at some of the points differ without the others.
    void
    require_independence(const at::Tensor &x, const double tolerance) const;

    void
    probe_derivatives(const at::Tensor &x);

    void
    probe_layers(const at::Tensor &x);

    /// Find out whether directions can be batched.
    void
    probe_block(const at::Tensor &x);

    void
    probe_subnetworks(const at::Tensor &x);

    /// $J v$ from the factors.
    at::Tensor
    push_forward_layers(const at::Tensor &x, const at::Tensor &v) const;

    at::Tensor input_shift, input_scale, output_shift, output_scale;
  };
} // namespace lsr

#endif
