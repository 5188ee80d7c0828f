// Ids made from paths would make each machine's build another one.
module.exports = { optimization: { chunkIds: 'natural', moduleIds: 'natural' } };
